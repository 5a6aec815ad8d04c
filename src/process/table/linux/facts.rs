//! Single facts of a process, read from its files below `/proc`.

use crate::process::cgroup;
use crate::process::identity::StartMark;
use crate::process::proc_files::{contents, system_error};
use crate::process::table::Link;
use crate::process::table::environment::Environment;
use procfs::FromRead as _;
use procfs::process::{Process, Stat};
use std::ffi::OsString;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

/// The suffix that the kernel adds to the path of a file that was replaced, for example by an upgrade.
pub const DELETED: &[u8] = b" (deleted)";

pub fn stat(process: &Process) -> io::Result<Stat> {
    Stat::from_read(contents(process, "stat")?.as_slice()).map_err(system_error)
}

pub fn link(stat: &Stat) -> Link {
    Link {
        pid: stat.pid.unsigned_abs(),
        parent: stat.ppid.unsigned_abs(),
        group: Some(stat.pgrp.unsigned_abs()),
        session: Some(stat.session.unsigned_abs()),
        start: StartMark(stat.starttime),
    }
}

/// Reads the environment. A process may have cleared its tag, so the control group is asked too.
pub fn environment(process: &Process) -> io::Result<Environment> {
    let bytes = contents(process, "environ")?;
    let mut read = Environment::read(bytes.split(|byte| *byte == 0));
    if read.tag.is_none() && cgroup::is_available() {
        read.tag = cgroup::tag_in(&String::from_utf8_lossy(&contents(process, "cgroup").unwrap_or_default()));
    }
    Ok(read)
}

pub fn undeleted(path: PathBuf) -> PathBuf {
    match path.as_os_str().as_bytes().strip_suffix(DELETED) {
        Some(kept) => PathBuf::from(OsString::from_vec(kept.to_vec())),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_executable_keeps_its_name() {
        let path = |text: &str| PathBuf::from(text);
        assert_eq!(undeleted(path("/usr/bin/node (deleted)")), path("/usr/bin/node"));
        assert_eq!(undeleted(path("/usr/bin/node")), path("/usr/bin/node"));
    }
}
