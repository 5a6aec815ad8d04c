//! Linux: a pidfd, or a checked pid where the system has no pidfds.

mod by_number;

use super::poll::poll_until;
use super::signal::Signal;
use crate::process::host::host;
use by_number::{Child, Folder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// A held process.
#[derive(Debug)]
pub struct Handle {
    pid: u32,
    held: Held,
}

#[derive(Debug)]
enum Held {
    Pidfd(OwnedFd),
    /// A child of this process, without pidfds.
    Child(Child),
    /// Any process, without pidfds.
    Folder(Folder),
}

impl Handle {
    /// Opens the process that has this pid now. Callers check which process that is *after* opening.
    ///
    /// # Errors
    /// The system's error: `ESRCH` when there is no such process.
    pub fn open(pid: u32) -> io::Result<Self> {
        let number = number(pid)?;
        let held = if host().pidfd {
            Held::Pidfd(pidfd_open(number, PidfdFlags::empty())?)
        } else {
            Held::Folder(Folder::open(number)?)
        };
        Ok(Self { pid, held })
    }

    /// Opens a child that only this process reaps, and that was not reaped yet.
    ///
    /// # Errors
    /// As [`Handle::open`].
    pub fn of_child(pid: u32) -> io::Result<Self> {
        if host().pidfd { Self::open(pid) } else { Ok(Self { pid, held: Held::Child(Child(number(pid)?)) }) }
    }

    /// Returns the pid that the handle was opened with.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Sends the signal. A process that has already exited is no error.
    ///
    /// # Errors
    /// The system's error, such as `EPERM`.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let number = signal.of_system()?;
        let sent = match &self.held {
            Held::Pidfd(descriptor) => pidfd_send_signal(descriptor, number),
            Held::Child(child) => child.signal(number),
            Held::Folder(folder) => folder.signal(number),
        };
        match sent {
            Err(Errno::SRCH) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Returns the id by which the parent waits for this process.
    ///
    /// # Errors
    /// `ESRCH` for a number that no process can have.
    pub fn wait_id(&self) -> io::Result<WaitId<'_>> {
        match &self.held {
            Held::Pidfd(descriptor) => Ok(WaitId::PidFd(descriptor.as_fd())),
            _ => Ok(WaitId::Pid(number(self.pid)?)),
        }
    }

    /// Reaps an exited process that the kernel handed to this server, as it does where this server is pid 1.
    ///
    /// Only for processes that Node.js does not know, because Node.js reaps its own children.
    pub fn reap_adopted(&self) {
        if let Ok(id) = self.wait_id() {
            let _ = waitid(id, WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
        }
    }

    /// Waits until the process has exited. Dropping the future changes nothing.
    pub async fn wait(&self) {
        if let Held::Pidfd(descriptor) = &self.held {
            // SAFETY: `watched` borrows the descriptor, so it is open for as long as it is watched.
            let watched = unsafe { AsyncFd::register_with_interest(descriptor.as_fd(), Interest::READABLE) };
            if let Ok(watched) = watched
                && let Ok(_ready) = watched.readable().await
            {
                return;
            }
        }
        poll_until(|| self.has_exited()).await;
    }

    /// Returns whether the process has exited, reaped or not.
    pub fn has_exited(&self) -> bool {
        match &self.held {
            Held::Pidfd(descriptor) => {
                let mut poll_on = [PollFd::new(descriptor, PollFlags::IN)];
                poll(&mut poll_on, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
            }
            Held::Child(child) => child.has_exited(),
            Held::Folder(folder) => folder.has_exited(),
        }
    }
}

fn number(pid: u32) -> io::Result<Pid> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    number.ok_or_else(|| io::Error::from_raw_os_error(Errno::SRCH.raw_os_error()))
}
