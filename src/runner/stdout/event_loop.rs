//! An output that is lent to an event loop, which is told by the system when there is something to read.

use super::Stdout;
use super::source::{OnEventLoop, SharedFd, Source};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// An event loop must not be held up by a child that writes faster than it is read.
const READS_A_TURN: usize = 4;

/// The right, and the duty, to read an output whenever it is readable. Dropping this gives it back to the runtime.
pub struct EventLoopReader {
    stdout: Arc<Stdout>,
    fd: SharedFd,
}

impl Stdout {
    /// Whether the runtime has it, and can lend it.
    pub fn can_be_read_on_event_loop(&self) -> bool {
        matches!(self.state.lock().source, Source::OnRuntime(_)) && !self.listener.is_full()
    }

    /// Lends the output, if the runtime has it. `release` is called when the runtime takes it back before it was given back.
    pub fn read_on_event_loop(self: &Arc<Self>, release: impl FnOnce() + Send + 'static) -> Option<EventLoopReader> {
        let mut state = self.state.lock();
        let stdout = match std::mem::replace(&mut state.source, Source::Closed) {
            Source::OnRuntime(stdout) => stdout,
            others => {
                state.source = others;
                return None;
            }
        };
        let fd = stdout.into_owned_fd().ok()?;
        // tokio lets go only of what waits to be read.
        rustix::io::ioctl_fionbio(&fd, true).ok()?;
        let fd = SharedFd(Arc::new(fd));
        state.source = Source::OnEventLoop(OnEventLoop { fd: fd.clone(), release: Some(Box::new(release)) });
        drop(state);
        self.changed.notify_one();
        Some(EventLoopReader { stdout: Arc::clone(self), fd })
    }
}

impl EventLoopReader {
    /// Reads what there is, a few chunks at most; `false` when the output is to be given back.
    pub fn read_ready(&self, chunk: &mut [u8]) -> bool {
        let stdout = &self.stdout;
        let mut state = stdout.state.lock();
        for _ in 0..READS_A_TURN {
            let Source::OnEventLoop(lent) = &state.source else { return false };
            match lent.try_read(chunk) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                // The runtime finds the end again, and deals with it.
                Ok(0) | Err(_) => return false,
                Ok(length) if !stdout.split(&mut state, &chunk[..length]) => {
                    stdout.changed.notify_one();
                    return false;
                }
                Ok(length) if length < chunk.len() => break,
                Ok(_) => {}
            }
        }
        !stdout.listener.is_full()
    }
}

impl AsFd for EventLoopReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.0.as_fd()
    }
}

impl Drop for EventLoopReader {
    fn drop(&mut self) {
        let mut state = self.stdout.state.lock();
        if let Source::OnEventLoop(_) = &state.source {
            state.source = Source::Returned(self.fd.clone());
        }
        drop(state);
        self.stdout.changed.notify_one();
    }
}
