//! A bell as a named pipe. A byte that is written before a wait is found by the next wait.

use crate::process::host_limit::slot_file::named;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{read, write};
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// A named pipe, open at both ends, so that neither reading nor writing waits for another process.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// Opens the pipe, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_pipe(path).map_err(|error| named(path, &error))
    }

    fn open_pipe(path: &Path) -> io::Result<Self> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        // SAFETY: the name is a string that ends with a zero.
        if unsafe { libc::mkfifo(name.as_ptr(), 0o600) } != 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
        }
        let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let pipe = open(path, flags, Mode::empty())?;
        if FileType::from_raw_mode(fstat(&pipe)?.st_mode) != FileType::Fifo {
            // Any other file is always ready, so that waiting for it would be a busy loop.
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "not a named pipe"));
        }
        Ok(Self(pipe))
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
