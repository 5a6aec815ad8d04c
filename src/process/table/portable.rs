//! macOS and Windows: `sysinfo` lists the processes. Start marks are our own, because `sysinfo` rounds start times to
//! seconds.

use super::environment::Environment;
use super::node::{is_electron, is_like_node, is_node, runs_others};
use super::{CommandLines, Kind, Link, Namespace, ProcessInfo, Snapshot, User};
use crate::process::identity::{StartMark, start_mark};
use crate::process::tag::Tag;
use std::collections::HashMap;
use std::env::current_exe;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::time::Duration;
use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

/// Returns all processes except zombies.
///
/// # Errors
/// The system's error when processes cannot be listed.
pub fn links() -> io::Result<Vec<Link>> {
    let system = listed(ProcessesToUpdate::All, ProcessRefreshKind::nothing())?;
    Ok(living(system.processes()).map(link).collect())
}

/// Returns the tag in a process's environment, if the environment can be read.
pub fn tag_of(pid: u32) -> Option<Tag> {
    let pid = Pid::from_u32(pid);
    let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
    let system = listed(ProcessesToUpdate::Some(&[pid]), kind).ok()?;
    environment(system.process(pid)?.environ()).tag
}

/// Returns all processes except zombies, and the facts about each.
///
/// # Errors
/// The system's error when processes cannot be listed.
pub fn snapshot(_command_lines: CommandLines) -> io::Result<Snapshot> {
    let kind = ProcessRefreshKind::nothing()
        .with_exe(UpdateKind::Always)
        .with_cmd(UpdateKind::Always)
        .with_environ(UpdateKind::Always)
        .with_user(UpdateKind::Always);
    let system = listed(ProcessesToUpdate::All, kind)?;
    Ok(Snapshot::of(living(system.processes()).map(info).collect(), &[], true))
}

/// Does nothing, because sleeps are noted on Linux only.
pub fn note_time() {}

fn listed(which: ProcessesToUpdate<'_>, kind: ProcessRefreshKind) -> io::Result<System> {
    let mut system = System::new().map_err(|_| io::Error::from(io::ErrorKind::Unsupported))?;
    system.refresh_processes_specifics(which, true, kind);
    Ok(system)
}

fn living(processes: &HashMap<Pid, Process>) -> impl Iterator<Item = &Process> {
    processes.values().filter(|process| process.status() != ProcessStatus::Zombie)
}

fn link(process: &Process) -> Link {
    let pid = process.pid().as_u32();
    Link {
        pid,
        parent: process.parent().map_or(0, Pid::as_u32),
        group: group_of(pid),
        session: process.session_id().map(Pid::as_u32),
        start: start_mark(pid).unwrap_or(StartMark::HIDDEN),
    }
}

fn info(process: &Process) -> ProcessInfo {
    let text = |part: &OsString| part.to_string_lossy().into_owned();
    let executable = process.exe().filter(|path| !path.as_os_str().is_empty()).map(Into::into);
    // A hidden environment reads as an empty one.
    let identified = executable.is_some() && !process.environ().is_empty();
    let title = process.name().to_string_lossy().into_owned();
    let (environment, age) = (environment(process.environ()), Duration::from_secs(process.run_time()));
    ProcessInfo {
        link: link(process),
        age,
        awake: age,
        user: process.user_id().map(|user| User(user.to_string())),
        // Nothing is known here about another user's process.
        endable: false,
        kind: kind(executable.as_deref(), environment.runs_as_node, &title),
        title,
        image: None,
        namespace: Namespace::Own,
        executable,
        command_line: process.cmd().iter().map(text).collect(),
        environment,
        // Neither system shows another process's mappings without privileges. There, tagged children name their server.
        hosts_procward: false,
        is_warden: false,
        identified,
    }
}

fn kind(executable: Option<&Path>, runs_as_node: bool, title: &str) -> Kind {
    let is_own = |executable: &Path| {
        current_exe().is_ok_and(|own| own == executable && !runs_others(&own) && !is_electron(&own))
    };
    let is_node = executable.is_some_and(|executable| {
        is_node(executable) || is_own(executable) || (runs_as_node && is_electron(executable))
    });
    if is_node {
        Kind::Node
    } else if runs_as_node || is_like_node(title) {
        Kind::LikeNode
    } else {
        Kind::Other
    }
}

fn environment(entries: &[OsString]) -> Environment {
    Environment::read(entries.iter().map(|entry| entry.as_encoded_bytes()))
}

#[cfg(unix)]
fn group_of(pid: u32) -> Option<u32> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    Some(rustix::process::getpgid(Some(pid)).ok()?.as_raw_pid().unsigned_abs())
}

#[cfg(not(unix))]
fn group_of(_pid: u32) -> Option<u32> {
    None
}
