//! Linux: procfs. Each process is read through one descriptor of its folder, so that all facts are of one process.

use super::environment::Environment;
use super::{Link, ProcessInfo, Snapshot, User, is_node};
use crate::instance::Tag;
use procfs::process::{Process, Stat, all_processes};
use procfs::{Current as _, ProcError};
use std::ffi::OsString;
use std::io::{self, Read};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

/// What the kernel appends to the path of a file that has been replaced since, as an upgrade does.
const DELETED: &[u8] = b" (deleted)";

/// All processes but zombies.
///
/// # Errors
/// The system's error when processes cannot be listed, or `Unsupported` when `/proc` shows another PID namespace.
pub fn links() -> io::Result<Vec<Link>> {
    let mut links = Vec::new();
    visit(|_, link| links.push(link))?;
    Ok(links)
}

/// The tag in a process's environment, if that can be read.
pub fn tag_of(pid: u32) -> Option<Tag> {
    environment(&open(pid).ok()?).ok()?.tag
}

/// All processes but zombies, and what each of them is.
///
/// # Errors
/// As [`links`].
pub fn snapshot() -> io::Result<Snapshot> {
    let me = rustix::process::geteuid().as_raw();
    let uptime = procfs::Uptime::current()
        .map_err(system_error)?
        .uptime_duration();
    let mut processes = Vec::new();
    let complete = visit(|process, link| processes.push(info(process, link, me, uptime)))?;
    Ok(Snapshot {
        processes,
        complete,
    })
}

fn info(process: &Process, link: Link, me: u32, uptime: Duration) -> ProcessInfo {
    let user = user(process, me);
    let executable = process.exe().ok().map(undeleted);
    let ours = user == Some(me);
    let environment = if ours {
        environment(process).ok()
    } else {
        None
    };
    let mapped = match &executable {
        Some(path) if ours && is_node(path) => maps_procward(process).ok(),
        _ => Some(false),
    };
    ProcessInfo {
        age: uptime.saturating_sub(since_boot(link.start.0)),
        link,
        user: user.map(|user| User(user.to_string())),
        command_line: if ours {
            command_line(process).unwrap_or_default()
        } else {
            Vec::new()
        },
        identified: executable.is_some() && environment.is_some() && mapped.is_some(),
        executable,
        environment: environment.unwrap_or_default(),
        hosts_procward: mapped.unwrap_or_default(),
    }
}

fn since_boot(ticks: u64) -> Duration {
    let per_second = procfs::ticks_per_second().max(1);
    Duration::from_secs(ticks / per_second)
        + Duration::from_secs(ticks % per_second) / u32::try_from(per_second).unwrap_or(u32::MAX)
}

/// The effective user; of a process that seems to be this user's, the real one, where that differs.
fn user(process: &Process, me: u32) -> Option<u32> {
    let owner = process.uid().ok()?;
    if owner != me {
        return Some(owner);
    }
    // Root owns the folder of a process that may not be dumped, whoever runs it.
    let status = contents(process, "status").ok()?;
    let uids = status
        .split(|byte| *byte == b'\n')
        .find_map(|line| line.strip_prefix(b"Uid:"))?;
    let uids = str::from_utf8(uids)
        .ok()?
        .split_ascii_whitespace()
        .map(|uid| uid.parse::<u32>().ok());
    uids.take(2)
        .find(|uid| *uid != Some(me))
        .unwrap_or(Some(me))
}

fn undeleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(DELETED) {
        Some(kept) => PathBuf::from(OsString::from_vec(kept.to_vec())),
        None => path,
    }
}

fn command_line(process: &Process) -> io::Result<Vec<String>> {
    let bytes = contents(process, "cmdline")?;
    let parts = bytes
        .strip_suffix(b"\0")
        .unwrap_or(&bytes)
        .split(|byte| *byte == 0);
    Ok(parts
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect())
}

fn maps_procward(process: &Process) -> io::Result<bool> {
    let maps = contents(process, "maps")?;
    Ok(maps.split(|byte| *byte == b'\n').any(is_addon))
}

fn is_addon(mapping: &[u8]) -> bool {
    let path = mapping.strip_suffix(DELETED).unwrap_or(mapping);
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    file.starts_with(b"procward") && file.ends_with(b".node")
}

/// Calls `each` with every process but zombies; tells whether all could be seen.
fn visit(mut each: impl FnMut(&Process, Link)) -> io::Result<bool> {
    refuse_foreign_proc()?;
    let mut complete = true;
    let mut first_seen = false;
    for process in all_processes().map_err(system_error)? {
        match process.and_then(|process| Ok((process.stat()?, process))) {
            Ok((stat, process)) => {
                first_seen |= stat.pid == 1;
                if !matches!(stat.state, 'Z' | 'X') {
                    each(&process, link(&stat));
                }
            }
            Err(error) => {
                let error = system_error(error);
                match error.kind() {
                    io::ErrorKind::NotFound => {}
                    io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidData => {
                        complete = false;
                    }
                    _ => return Err(error),
                }
            }
        }
    }
    // With `hidepid` other users' processes are missing, and pid 1 with them.
    Ok(complete && first_seen)
}

/// A `/proc` that was mounted for another PID namespace shows numbers that mean other processes here.
fn refuse_foreign_proc() -> io::Result<()> {
    let own = Process::myself().map_err(system_error)?;
    if u32::try_from(own.pid()).is_ok_and(|pid| pid == std::process::id()) {
        return Ok(());
    }
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "the process list belongs to another PID namespace",
    ))
}

fn link(stat: &Stat) -> Link {
    Link {
        pid: stat.pid.unsigned_abs(),
        parent: stat.ppid.unsigned_abs(),
        group: Some(stat.pgrp.unsigned_abs()),
        session: Some(stat.session.unsigned_abs()),
        start: super::StartMark(stat.starttime),
    }
}

fn environment(process: &Process) -> io::Result<Environment> {
    let bytes = contents(process, "environ")?;
    Ok(Environment::read(bytes.split(|byte| *byte == 0)))
}

fn contents(process: &Process, file: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    process
        .open_relative(file)
        .map_err(system_error)?
        .read_to_end(&mut bytes)
        .map_err(plain)?;
    Ok(bytes)
}

/// One process's folder.
pub(in crate::process) fn open(pid: u32) -> io::Result<Process> {
    let pid = i32::try_from(pid).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    Process::new(pid).map_err(system_error)
}

/// The crate's error without its paths; a process that has gone is `NotFound`, however the kernel put it.
pub(in crate::process) fn system_error(error: ProcError) -> io::Error {
    match error {
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::PermissionDenied(_) => io::ErrorKind::PermissionDenied.into(),
        ProcError::Io(error, _) => plain(error),
        _ => io::ErrorKind::InvalidData.into(),
    }
}

fn plain(error: io::Error) -> io::Error {
    match error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error)
    {
        Some(rustix::io::Errno::SRCH) => io::ErrorKind::NotFound.into(),
        Some(_) => error,
        None => error.kind().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addon_is_recognised_by_its_file_name() {
        for (mapping, expected) in [
            (
                "7f00-7f01 r-xp 00000000 fe:01 42   /srv/app/procward.linux-x64-gnu.node",
                true,
            ),
            (
                "7f00-7f01 r-xp 00000000 fe:01 42   /srv/a b/procward.node (deleted)",
                true,
            ),
            (
                "7f00-7f01 r-xp 00000000 fe:01 42   /srv/procward/other.node",
                false,
            ),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/procward.so", false),
            ("7f00-7f01 rw-p 00000000 00:00 0    [heap]", false),
            ("", false),
        ] {
            assert_eq!(is_addon(mapping.as_bytes()), expected, "{mapping}");
        }
    }

    #[test]
    fn a_replaced_executable_keeps_its_name() {
        let path = |text: &str| PathBuf::from(text);
        assert_eq!(
            undeleted(path("/usr/bin/node (deleted)")),
            path("/usr/bin/node")
        );
        assert_eq!(undeleted(path("/usr/bin/node")), path("/usr/bin/node"));
    }
}
