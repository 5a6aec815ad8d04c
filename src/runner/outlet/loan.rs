//! An output that is lent to an event loop, which is told by the system when there is something to read.

use super::{Outlet, Source};
use crate::process::tree::{ChildStdout, try_read};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// An event loop must not be held up by a child that writes faster than it is read.
const READS_A_TURN: usize = 4;

/// The descriptor, which stays open for as long as the event loop may be watching it.
#[derive(Clone)]
pub(super) struct Shared(Arc<OwnedFd>);

pub(super) struct Lent {
    fd: Shared,
    /// Tells the event loop that the output is not its own any more.
    release: Option<Box<dyn FnOnce() + Send>>,
}

/// The right, and the duty, to read an output whenever it is readable. Dropping this gives it back to the runtime.
pub struct Loan {
    outlet: Arc<Outlet>,
    fd: Shared,
}

impl Outlet {
    /// Whether the runtime has it, and can lend it.
    pub fn can_be_lent(&self) -> bool {
        matches!(self.state.lock().source, Source::Runtime(_)) && !self.listener.is_full()
    }

    /// Lends the output, if the runtime has it. `release` is called when the runtime takes it back before it was given back.
    pub fn lend(self: &Arc<Self>, release: impl FnOnce() + Send + 'static) -> Option<Loan> {
        let mut state = self.state.lock();
        let stdout = match std::mem::replace(&mut state.source, Source::Over) {
            Source::Runtime(stdout) => stdout,
            others => {
                state.source = others;
                return None;
            }
        };
        let fd = stdout.into_owned_fd().ok()?;
        // tokio lets go only of what waits to be read.
        rustix::io::ioctl_fionbio(&fd, true).ok()?;
        let fd = Shared(Arc::new(fd));
        state.source = Source::Lent(Lent { fd: fd.clone(), release: Some(Box::new(release)) });
        drop(state);
        self.changed.notify_one();
        Some(Loan { outlet: Arc::clone(self), fd })
    }
}

impl Loan {
    /// Reads what there is, a few chunks at most; `false` when the output is to be given back.
    pub fn turn(&self, chunk: &mut [u8]) -> bool {
        let outlet = &self.outlet;
        let mut state = outlet.state.lock();
        for _ in 0..READS_A_TURN {
            let Source::Lent(lent) = &state.source else { return false };
            match lent.try_read(chunk) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                // The runtime finds the end again, and deals with it.
                Ok(0) | Err(_) => return false,
                Ok(length) if !outlet.split(&mut state, &chunk[..length]) => {
                    outlet.changed.notify_one();
                    return false;
                }
                Ok(length) if length < chunk.len() => break,
                Ok(_) => {}
            }
        }
        !outlet.listener.is_full()
    }
}

impl AsFd for Loan {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.0.as_fd()
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        let mut state = self.outlet.state.lock();
        if let Source::Lent(_) = &state.source {
            state.source = Source::Returned(self.fd.clone());
        }
        drop(state);
        self.outlet.changed.notify_one();
    }
}

impl Source {
    /// Makes what was given back the runtime's. It must be called there.
    pub(super) fn take_back(&mut self) {
        if let Self::Returned(fd) = self {
            *self = fd.to_runtime().map_or(Self::Over, Self::Runtime);
        }
    }

    /// Tells the event loop that has it that it has it no longer.
    pub(super) fn release(&mut self) {
        if let Self::Lent(lent) = self
            && let Some(release) = lent.release.take()
        {
            release();
        }
    }
}

impl Lent {
    pub(super) fn try_read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        self.fd.try_read(chunk)
    }
}

impl Shared {
    pub(super) fn try_read(&self, chunk: &mut [u8]) -> io::Result<usize> {
        try_read(&self.0, chunk)
    }

    /// A descriptor of the runtime's own: the event loop may not have let go of this one.
    fn to_runtime(&self) -> io::Result<ChildStdout> {
        ChildStdout::from_std(self.0.try_clone()?.into())
    }
}
