//! macOS has no handles of processes, so the pid is checked against the start mark just before each signal.

use super::poll::poll_until;
use super::signal::Signal;
use crate::process::identity::{StartMark, start_mark};
use rustix::process::{Pid, kill_process};
use std::io;

/// A process, remembered by its pid and its start mark.
#[derive(Debug)]
pub struct Handle {
    pid: Pid,
    start: StartMark,
}

impl Handle {
    /// Remembers the process that has this pid now. Callers check which process that is *after* opening.
    ///
    /// # Errors
    /// The system's error: `NotFound` when there is no such process.
    pub fn open(pid: u32) -> io::Result<Self> {
        let start = start_mark(pid)?;
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let pid = raw.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Self { pid, start })
    }

    /// Remembers a child.
    ///
    /// # Errors
    /// As [`Handle::open`].
    pub fn of_child(pid: u32) -> io::Result<Self> {
        Self::open(pid)
    }

    /// Returns the pid that the handle was opened with.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_pid().unsigned_abs()
    }

    /// Sends the signal. A process that has already exited is no error.
    ///
    /// # Errors
    /// The system's error, such as `EPERM`.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if self.has_exited() {
            return Ok(());
        }
        let number = signal.of_system()?;
        match kill_process(self.pid, number) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// The system does not hand this server any orphan.
    pub fn reap_adopted(&self) {}

    /// Waits until the process has exited. Dropping the future changes nothing.
    pub async fn wait(&self) {
        poll_until(|| self.has_exited()).await;
    }

    /// Returns whether the process has exited, reaped or not.
    pub fn has_exited(&self) -> bool {
        match start_mark(self.pid()) {
            Ok(start) => start != self.start,
            // Any error but "no such process" may mean a process that became another user's.
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }
}
