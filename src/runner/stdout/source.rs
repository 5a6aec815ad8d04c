//! The current reader of a child's standard output.

use crate::process::tree::{ChildStdout, try_read};
use std::io;
#[cfg(unix)]
use std::os::fd::OwnedFd;
#[cfg(unix)]
use std::sync::Arc;

pub enum Source {
    /// The child has not started.
    NotStarted,
    OnRuntime(ChildStdout),
    #[cfg(unix)]
    OnEventLoop(OnEventLoop),
    #[cfg(unix)]
    Returned(SharedFd),
    Closed,
}

impl Source {
    /// Reads without waiting. Returns `None` before the start and after the close.
    pub fn try_read(&self, chunk: &mut [u8]) -> Option<io::Result<usize>> {
        match self {
            Self::OnRuntime(stdout) => Some(try_read(stdout, chunk)),
            #[cfg(unix)]
            Self::OnEventLoop(reader) => Some(reader.try_read(chunk)),
            #[cfg(unix)]
            Self::Returned(fd) => Some(fd.try_read(chunk)),
            Self::NotStarted | Self::Closed => None,
        }
    }

    /// Gives a returned descriptor to the runtime. Must be called on the runtime.
    #[cfg(unix)]
    pub fn take_back(&mut self) {
        if let Self::Returned(fd) = self {
            *self = fd.to_runtime().map_or(Self::Closed, Self::OnRuntime);
        }
    }

    /// Notifies the event loop that it no longer reads the output.
    #[cfg(unix)]
    pub fn release(&mut self) {
        if let Self::OnEventLoop(reader) = self
            && let Some(release) = reader.release.take()
        {
            release();
        }
    }
}

/// The descriptor, which stays open as long as the event loop may watch it.
#[cfg(unix)]
#[derive(Clone)]
pub struct SharedFd(pub Arc<OwnedFd>);

#[cfg(unix)]
pub struct OnEventLoop {
    pub fd: SharedFd,
    /// Notifies the event loop that it no longer reads the output.
    pub release: Option<Box<dyn FnOnce() + Send>>,
}

#[cfg(unix)]
impl OnEventLoop {
    pub fn try_read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        self.fd.try_read(chunk)
    }
}

#[cfg(unix)]
impl SharedFd {
    pub fn try_read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        try_read(&self.0, chunk)
    }

    /// Duplicates the descriptor for the runtime, because the event loop may still watch this one.
    fn to_runtime(&self) -> io::Result<ChildStdout> {
        ChildStdout::from_std(self.0.try_clone()?.into())
    }
}
