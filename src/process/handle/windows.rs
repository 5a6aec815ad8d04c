//! Windows: a process HANDLE, which pins the pid.

use super::poll::poll_until;
use super::signal::Signal;
use crate::process::windows::{has_exited, kill, open_process};
use std::io;
use std::os::windows::io::OwnedHandle;
use windows_sys::Win32::System::Threading::{PROCESS_SYNCHRONIZE, PROCESS_TERMINATE};

/// A process, held by its HANDLE.
#[derive(Debug)]
pub struct Handle {
    pid: u32,
    process: OwnedHandle,
}

impl Handle {
    /// Opens the process that has this pid now. Callers check which process that is *after* opening.
    ///
    /// # Errors
    /// The system's error: `NotFound` when there is no such process.
    pub fn open(pid: u32) -> io::Result<Self> {
        let process = open_process(pid, PROCESS_TERMINATE | PROCESS_SYNCHRONIZE)?;
        Ok(Self { pid, process })
    }

    /// Returns the pid that the handle was opened with.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Kills the process on any signal but `Continue`. A process that has already exited is no error.
    ///
    /// # Errors
    /// The system's error, such as access denied.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        if signal == Signal::Continue {
            return Ok(());
        }
        match kill(&self.process) {
            Err(_) if self.has_exited() => Ok(()),
            other => other,
        }
    }

    /// Does nothing, because Windows has no zombies.
    pub fn reap_adopted(&self) {}

    /// Waits until the process has exited. Dropping the future changes nothing.
    pub async fn wait(&self) {
        poll_until(|| self.has_exited()).await;
    }

    /// Returns whether the process has exited.
    pub fn has_exited(&self) -> bool {
        has_exited(&self.process)
    }
}
