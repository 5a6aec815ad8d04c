//! Processes without a pidfd, by number.

use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::io::{Errno, Result, read};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use std::os::fd::OwnedFd;

/// A child that was not reaped. The child's pid means no other process until this process reaps the child.
#[derive(Debug)]
pub struct Child(pub Pid);

impl Child {
    pub fn signal(&self, signal: Signal) -> Result<()> {
        kill_process(self.0, signal)
    }

    pub fn has_exited(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        !matches!(waitid(WaitId::Pid(self.0), options), Ok(None))
    }
}

/// The folder of a process below `/proc`. The folder is empty once the process has exited, whatever process gets the
/// pid.
#[derive(Debug)]
pub struct Folder {
    pid: Pid,
    folder: OwnedFd,
}

impl Folder {
    pub fn open(pid: Pid) -> Result<Self> {
        let path = format!("/proc/{}", pid.as_raw_pid());
        match openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()) {
            Err(Errno::NOENT) => Err(Errno::SRCH),
            folder => Ok(Self { pid, folder: folder? }),
        }
    }

    /// Signals the process after a last check.
    ///
    /// Between the check and the signal the pid could only change hands if this process exits and is reaped, and all
    /// other pids are given out.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        if self.has_exited() { Err(Errno::SRCH) } else { kill_process(self.pid, signal) }
    }

    pub fn has_exited(&self) -> bool {
        let mut stat = [0; 512];
        let file = openat(&self.folder, "stat", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty());
        match file.and_then(|file| read(&file, &mut stat)) {
            Ok(length) => has_exited(&stat[..length]),
            Err(error) => matches!(error, Errno::NOENT | Errno::SRCH),
        }
    }
}

/// Returns whether a process's `stat` shows a zombie. The name in `stat` may contain anything.
fn has_exited(stat: &[u8]) -> bool {
    let state = stat.iter().rposition(|byte| *byte == b')').and_then(|at| stat.get(at + 2));
    state.is_none_or(|state| matches!(state, b'Z' | b'X'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn the_state_is_read_after_the_name() {
        for (stat, exited) in [
            ("42 (node) S 1 42", false),
            ("42 (a) Z b) R 1 42", false),
            ("42 (a) S b) Z 1 42", true),
            ("42 (x) X 0 0", true),
            ("", true),
        ] {
            assert_eq!(has_exited(stat.as_bytes()), exited, "{stat:?}");
        }
    }

    #[test]
    fn a_child_is_held_until_it_is_reaped() {
        let mut child = Command::new("sleep").arg("1000").spawn().expect("sleep starts");
        let pid = Pid::from_child(&child);
        let (held, folder) = (Child(pid), Folder::open(pid).expect("it is there"));
        assert!(!held.has_exited() && !folder.has_exited());
        folder.signal(Signal::KILL).expect("it is ours");
        while !held.has_exited() {}
        assert!(folder.has_exited(), "a zombie");
        assert_eq!(folder.signal(Signal::KILL), Err(Errno::SRCH));
        child.wait().expect("it is ours");
        assert!(folder.has_exited() && held.has_exited());
        assert_eq!(Folder::open(pid).err(), Some(Errno::SRCH));
    }
}
