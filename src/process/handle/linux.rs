//! Linux: a pidfd.

use super::Signal;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A process held by its pidfd.
#[derive(Debug)]
pub struct Handle {
    pid: u32,
    descriptor: OwnedFd,
}

impl Handle {
    /// Takes hold of whatever process has this pid now: check what it is *after* opening.
    ///
    /// # Errors
    /// The system's error: `ESRCH` when there is no such process.
    pub fn open(pid: u32) -> io::Result<Self> {
        let raw = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let raw = raw.ok_or_else(|| io::Error::from_raw_os_error(rustix::io::Errno::SRCH.raw_os_error()))?;
        let descriptor = pidfd_open(raw, PidfdFlags::empty())?;
        Ok(Self { pid, descriptor })
    }

    /// The pid it was opened with.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends the signal; a process that has already exited is no error.
    ///
    /// # Errors
    /// The system's error, such as `EPERM`.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let number = match signal {
            Signal::Terminate => rustix::process::Signal::TERM,
            Signal::Kill => rustix::process::Signal::KILL,
        };
        match pidfd_send_signal(&self.descriptor, number) {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// To wait for it as its parent.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }

    /// Waits until it has exited. Dropping the future changes nothing.
    pub async fn exited(&self) {
        // SAFETY: `watched` borrows the descriptor, so it is open for as long as it is watched.
        let watched = unsafe { AsyncFd::register_with_interest(self.descriptor.as_fd(), Interest::READABLE) };
        if let Ok(watched) = watched
            && let Ok(_ready) = watched.readable().await
        {
            return;
        }
        super::poll_until_exited(self).await;
    }

    /// Whether it has exited, waited for or not.
    pub fn has_exited(&self) -> bool {
        let mut poll_on = [PollFd::new(&self.descriptor, PollFlags::IN)];
        poll(&mut poll_on, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
    }
}
