//! What one process is: its user, program, arguments and environment.

use super::{contents, environment, system_error};
use crate::process::table::environment::Environment;
use crate::process::table::{CommandLines, Link, ProcessInfo, User};
use procfs::process::Process;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

/// What the kernel appends to the path of a file that has been replaced since, as an upgrade does.
const DELETED: &[u8] = b" (deleted)";

/// Reads the rest about processes.
pub(super) struct Reader {
    /// The user that this is for.
    pub me: u32,
    /// When it is.
    pub uptime: Duration,
    /// What else is wanted.
    pub command_lines: CommandLines,
}

impl Reader {
    /// Of most only as much as shows that they are no candidates: each file takes the kernel its time.
    pub fn read(&self, process: &Process, link: Link) -> ProcessInfo {
        let owner = process.uid().ok();
        let executable = process.exe().ok().map(undeleted);
        let environment = (owner == Some(self.me)).then(|| environment(process).ok()).flatten();
        let seen = ProcessInfo {
            age: self.uptime.saturating_sub(since_boot(link.start.0)),
            link,
            user: named(owner),
            command_line: Vec::new(),
            identified: executable.is_some() && environment.is_some(),
            executable,
            environment: environment.unwrap_or_default(),
            hosts_procward: false,
        };
        // Who the others are is told from this process.
        if seen.is_candidate() || seen.link.pid == std::process::id() {
            return self.closely(process, owner, seen);
        }
        let wanted = self.command_lines == CommandLines::OfAll && owner == Some(self.me);
        ProcessInfo { command_line: if wanted { command_line(process) } else { Vec::new() }, ..seen }
    }

    fn closely(&self, process: &Process, owner: Option<u32>, seen: ProcessInfo) -> ProcessInfo {
        let user = owner.and_then(|owner| if owner == self.me { self.real_user(process) } else { Some(owner) });
        if user != Some(self.me) {
            let environment = Environment::default();
            return ProcessInfo { user: named(user), identified: false, environment, ..seen };
        }
        let mapped = if seen.is_node() { maps_procward(process).ok() } else { Some(false) };
        ProcessInfo {
            user: named(user),
            command_line: command_line(process),
            identified: seen.identified && mapped.is_some(),
            hosts_procward: mapped.unwrap_or_default(),
            ..seen
        }
    }

    /// The effective user of a process that seems to be this user's; the real one, where that differs.
    fn real_user(&self, process: &Process) -> Option<u32> {
        // Root owns the folder of a process that may not be dumped, whoever runs it.
        let status = contents(process, "status").ok()?;
        let uids = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
        let uids = str::from_utf8(uids).ok()?.split_ascii_whitespace().map(|uid| uid.parse::<u32>().ok());
        uids.take(2).find(|uid| *uid != Some(self.me)).unwrap_or(Some(self.me))
    }
}

fn named(user: Option<u32>) -> Option<User> {
    user.map(|user| User(user.to_string()))
}

fn since_boot(ticks: u64) -> Duration {
    let per_second = procfs::ticks_per_second().max(1);
    Duration::from_secs(ticks / per_second)
        + Duration::from_secs(ticks % per_second) / u32::try_from(per_second).unwrap_or(u32::MAX)
}

fn undeleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(DELETED) {
        Some(kept) => PathBuf::from(OsString::from_vec(kept.to_vec())),
        None => path,
    }
}

fn command_line(process: &Process) -> Vec<String> {
    let Ok(bytes) = contents(process, "cmdline") else { return Vec::new() };
    let parts = bytes.strip_suffix(b"\0").unwrap_or(&bytes).split(|byte| *byte == 0);
    parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

fn maps_procward(process: &Process) -> io::Result<bool> {
    let mut maps = Vec::new();
    process.open_relative("maps").map_err(system_error)?.read_to_end(&mut maps)?;
    Ok(maps.split(|byte| *byte == b'\n').any(is_addon))
}

fn is_addon(mapping: &[u8]) -> bool {
    let path = mapping.strip_suffix(DELETED).unwrap_or(mapping);
    let file = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    file.starts_with(b"procward") && file.ends_with(b".node")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addon_is_recognised_by_its_file_name() {
        for (mapping, expected) in [
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/app/procward.linux-x64-gnu.node", true),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/a b/procward.node (deleted)", true),
            ("7f00-7f01 r-xp 00000000 fe:01 42   /srv/procward/other.node", false),
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
        assert_eq!(undeleted(path("/usr/bin/node (deleted)")), path("/usr/bin/node"));
        assert_eq!(undeleted(path("/usr/bin/node")), path("/usr/bin/node"));
    }
}
