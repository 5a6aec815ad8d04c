//! Reads the facts about one process: user, program, arguments and environment.

use super::age::Ages;
use super::facts::{DELETED, environment, link, undeleted};
use super::program::Programs;
use crate::process::mark::MAPPING;
use crate::process::proc_files::{contents, system_error};
use crate::process::table::environment::Environment;
use crate::process::table::{CommandLines, Kind, Namespace, ProcessInfo, User};
use crate::process::warden_program::{WARDEN_NAME as WARDEN, is_warden};
use procfs::process::{Process, Stat};
use std::io::{self, Read as _};
use std::time::Duration;

/// The user id of root, which may read every environment where the kernel allows it.
const ROOT: u32 = 0;

/// Reads the rest about processes.
pub(super) struct Reader {
    /// The user that this server runs as.
    pub me: u32,
    /// The ages of processes.
    pub ages: Ages,
    /// The programs seen in this scan.
    pub programs: Programs,
    /// The command lines to read.
    pub command_lines: CommandLines,
}

impl Reader {
    /// Reads the process. If the first facts show no candidate, reading stops there, because each file takes the kernel
    /// time.
    pub fn read(&self, process: &Process, stat: Stat) -> ProcessInfo {
        let owner = process.uid().ok();
        let executable = process.exe().ok().map(undeleted);
        let is_self = stat.pid.unsigned_abs() == std::process::id();
        let may_read = owner == Some(self.me) || self.me == ROOT || is_self;
        let environment = may_read.then(|| environment(process).ok()).flatten();
        let identified = executable.is_some() && environment.is_some();
        let environment = environment.unwrap_or_default();
        let started = since_boot(stat.starttime);
        let seen = ProcessInfo {
            link: link(&stat),
            age: self.ages.since(started),
            awake: self.ages.awake_since(started),
            user: named(owner),
            endable: owner == Some(self.me),
            kind: self.programs.kind(stat.pid, executable.as_deref(), environment.runs_as_node, &stat.comm),
            title: stat.comm,
            image: Some(stat.startstack).filter(|address| *address != 0),
            command_line: Vec::new(),
            identified,
            executable,
            environment,
            hosts_procward: false,
            namespace: Namespace::Own,
            is_warden: false,
        };
        // The facts about this process are the measure for all others.
        if seen.is_candidate() || is_self {
            return self.closely(process, owner, seen);
        }
        let wanted = self.command_lines == CommandLines::OfAll && owner == Some(self.me);
        ProcessInfo { command_line: if wanted { command_line(process) } else { Vec::new() }, ..seen }
    }

    fn closely(&self, process: &Process, owner: Option<u32>, seen: ProcessInfo) -> ProcessInfo {
        let status = contents(process, "status").unwrap_or_default();
        let user = self.real_user(&status).or(owner.filter(|owner| *owner != self.me));
        let is_mine = user == Some(self.me);
        if !is_mine && seen.environment.tag.is_none() {
            let environment = Environment::default();
            return ProcessInfo { user: named(user), endable: false, identified: false, environment, ..seen };
        }
        // The mappings of all candidates are read, because a single executable may have any name.
        let mapped = maps_procward(process).ok().or((seen.kind != Kind::Node).then_some(false));
        let command_line = command_line(process);
        ProcessInfo {
            user: named(user),
            endable: is_mine || may_signal(seen.link.pid),
            is_warden: command_line.first().is_some_and(|name| name == WARDEN) && runs_warden(process),
            command_line,
            identified: seen.identified && mapped.is_some(),
            hosts_procward: mapped.unwrap_or_default(),
            namespace: if is_nested(&status) { Namespace::Below } else { Namespace::Own },
            ..seen
        }
    }

    /// Returns the effective user of a process, or the real user if that is not this user.
    fn real_user(&self, status: &[u8]) -> Option<u32> {
        // Root owns the folder of a process that may not be dumped, so the owner says nothing.
        let uids = field(status, b"Uid:")?.split_ascii_whitespace().map(|uid| uid.parse::<u32>().ok());
        let [real, effective] = *uids.take(2).collect::<Vec<_>>() else { return None };
        if real == Some(self.me) { effective } else { real }
    }
}

/// Returns whether a process has a pid in a namespace below this one. The kernel lists one pid for each level.
fn is_nested(status: &[u8]) -> bool {
    field(status, b"NSpid:").is_some_and(|pids| pids.split_ascii_whitespace().count() > 1)
}

fn field<'a>(status: &'a [u8], name: &[u8]) -> Option<&'a str> {
    str::from_utf8(status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(name))?).ok()
}

fn may_signal(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

fn named(user: Option<u32>) -> Option<User> {
    user.map(|user| User(user.to_string()))
}

fn since_boot(ticks: u64) -> Duration {
    let per_second = procfs::ticks_per_second().max(1);
    Duration::from_secs(ticks / per_second)
        + Duration::from_secs(ticks % per_second) / u32::try_from(per_second).unwrap_or(u32::MAX)
}

fn command_line(process: &Process) -> Vec<String> {
    let Ok(bytes) = contents(process, "cmdline") else { return Vec::new() };
    let parts = bytes.strip_suffix(b"\0").unwrap_or(&bytes).split(|byte| *byte == 0);
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

pub(super) fn maps_procward(process: &Process) -> io::Result<bool> {
    let mut maps = Vec::new();
    process.open_relative("maps").map_err(system_error)?.read_to_end(&mut maps)?;
    Ok(maps.split(|byte| *byte == b'\n').any(is_addon))
}

/// Returns whether the process runs the warden's program. Only programs with the warden's name are read as a whole.
fn runs_warden(process: &Process) -> bool {
    process.open_relative("exe").is_ok_and(is_warden)
}

/// Returns whether a mapping is the mark of a server with procward, or the addon's file where the mark was forbidden.
fn is_addon(mapping: &[u8]) -> bool {
    let path = mapping.strip_suffix(DELETED).unwrap_or(mapping);
    if path.ends_with(MAPPING.as_bytes()) {
        return true;
    }
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    file.starts_with(b"procward") && file.ends_with(b".node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_with_procward_is_recognised_by_its_mark_or_by_the_addons_file_name() {
        for (mapping, expected) in [
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/app/procward.linux-x64-gnu.node", true),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/a b/procward.node (deleted)", true),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/procward/other.node", false),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/procward.so", false),
            ("7f00-7f01 ---p 00000000 00:01 42   /memfd:procward-server (deleted)", true),
            ("7f00-7f01 ---p 00000000 00:01 42   /memfd:procward-servers (deleted)", false),
            ("7f00-7f01 rw-p 00000000 00:00 0    [heap]", false),
            ("", false),
        ] {
            assert_eq!(is_addon(mapping.as_bytes()), expected, "{mapping}");
        }
    }

    #[test]
    fn the_status_tells_the_user_and_the_namespace() {
        let reader = Reader {
            me: 5,
            ages: Ages::now(),
            programs: Programs::default(),
            command_lines: CommandLines::OfCandidates,
        };
        let user = |uids: &str| reader.real_user(format!("Name:\tx\nUid:\t{uids}\nGid:\t5\t5\t5\t5\n").as_bytes());
        assert_eq!([user("5\t5\t5\t5"), user("7\t5\t5\t5"), user("5\t7\t7\t7")], [Some(5), Some(7), Some(7)]);
        assert_eq!([user("7\t7\t7\t7"), user("5"), user("x\ty")], [Some(7), None, None]);
        assert_eq!(reader.real_user(b""), None);
        for (pids, expected) in [("NSpid:\t42\n", false), ("NStgid:\t42\nNSpid:\t42\t1\n", true), ("", false)] {
            assert_eq!(is_nested(pids.as_bytes()), expected, "{pids}");
        }
    }
}
