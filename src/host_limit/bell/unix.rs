//! A bell as a named pipe. A byte that is written before anyone waits is found by the next wait.

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::io::{Errno, read, write};
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

/// A named pipe, open at both ends, so that neither reading nor writing waits for another process.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// Opens the pipe, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        match mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self(open(path, OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?))
    }

    /// Wakes the process that waits. A full pipe wakes it too.
    pub fn ring(&self) {
        let _ = write(&self.0, b"x");
    }

    /// Blocks the thread until the bell rings, at most for `limit`.
    pub fn wait(&self, limit: Duration) {
        let limit = Timespec { tv_sec: 0, tv_nsec: limit.subsec_nanos().into() };
        let mut all = [PollFd::new(&self.0, PollFlags::IN)];
        if matches!(poll(&mut all, Some(&limit)), Ok(1..)) {
            // All rings so far mean one look.
            let _ = read(&self.0, &mut [0; 256]);
        }
    }
}
