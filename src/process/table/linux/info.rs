//! What one process is: its user, program, arguments and environment.

use super::{contents, environment, system_error};
use crate::process::table::{Link, ProcessInfo, User, is_node};
use procfs::process::Process;
use std::ffi::OsString;
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;
use std::time::Duration;

/// What the kernel appends to the path of a file that has been replaced since, as an upgrade does.
const DELETED: &[u8] = b" (deleted)";

/// Reads the rest about a process, for the user `me` at `uptime`.
pub(super) fn read(process: &Process, link: Link, me: u32, uptime: Duration) -> ProcessInfo {
    let user = user(process, me);
    let executable = process.exe().ok().map(undeleted);
    let ours = user == Some(me);
    let environment = if ours { environment(process).ok() } else { None };
    let mapped = match &executable {
        Some(path) if ours && is_node(path) => maps_procward(process).ok(),
        _ => Some(false),
    };
    ProcessInfo {
        age: uptime.saturating_sub(since_boot(link.start.0)),
        link,
        user: user.map(|user| User(user.to_string())),
        command_line: if ours { command_line(process).unwrap_or_default() } else { Vec::new() },
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
    let uids = status.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"Uid:"))?;
    let uids = str::from_utf8(uids).ok()?.split_ascii_whitespace().map(|uid| uid.parse::<u32>().ok());
    uids.take(2).find(|uid| *uid != Some(me)).unwrap_or(Some(me))
}

fn undeleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(DELETED) {
        Some(kept) => PathBuf::from(OsString::from_vec(kept.to_vec())),
        None => path,
    }
}

fn command_line(process: &Process) -> io::Result<Vec<String>> {
    let bytes = contents(process, "cmdline")?;
    let parts = bytes.strip_suffix(b"\0").unwrap_or(&bytes).split(|byte| *byte == 0);
    Ok(parts.map(|part| String::from_utf8_lossy(part).into_owned()).collect())
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
