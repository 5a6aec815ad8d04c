//! Reading an output on an event loop, which the system notifies of readable bytes.
//!
//! This pays for its state: with the runtime's reader alone, two switches between threads made a warm call take twice
//! as long as through the TypeScript SDK. Read on the event loop, a call takes 0.459 times as long as the SDK's
//! (bench/RESULTS.md, stdio calls).

use super::Stdout;
use super::source::{OnEventLoop, SharedFd, Source};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// The reads in one turn, because a child that writes fast must not hold up the event loop.
const READS_A_TURN: usize = 4;

/// Reads an output on the event loop whenever it is readable. Dropping this returns the output to the runtime.
pub struct EventLoopReader {
    stdout: Arc<Stdout>,
    fd: SharedFd,
}

impl Stdout {
    /// Returns whether the runtime reads the output, so that an event loop can take over.
    pub fn can_be_read_on_event_loop(&self) -> bool {
        matches!(self.state.lock().source, Source::OnRuntime(_)) && !self.listener.is_full()
    }

    /// Moves the output to an event loop, if the runtime reads it. `release` is called if the runtime takes the output
    /// back first.
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
            let Source::OnEventLoop(reader) = &state.source else { return false };
            match reader.try_read(chunk) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                // The runtime finds the end again, and handles it.
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
