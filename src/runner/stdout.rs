//! A child's standard output for a listener that needs each line at once.
//!
//! The runtime reads it, or an event loop does, so that no thread has to wake another.

#[cfg(unix)]
mod event_loop;
mod source;

use super::lines::Splitter;
use super::overflow::{CHUNK, Overflow, REST};
use crate::process::tree::ChildStdout;
use parking_lot::Mutex;
use source::Source;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::{Notify, watch};

/// A listener to the lines of an output.
pub trait Listener: Send + Sync {
    /// Called for each line, without its line break. Must not call the output.
    fn on_line(&self, line: &[u8]);

    /// Called after the last line.
    fn on_end(&self);

    /// Returns whether the listener can take no more lines for now.
    fn is_full(&self) -> bool;

    /// Returns the signal that the listener can take more lines again.
    fn drained(&self) -> &Notify;
}

/// The output. It is read in order, and by one reader at a time.
pub struct Stdout {
    listener: Arc<dyn Listener>,
    max_line: usize,
    overflow: Arc<Overflow>,
    state: Mutex<State>,
    /// Notified when the runtime's reader has to check the state.
    changed: Notify,
}

struct State {
    source: Source,
    splitter: Splitter,
}

impl Stdout {
    /// Makes the output of a child that has not started. A line of more than `max_line` bytes ends the child.
    pub fn new(listener: Arc<dyn Listener>, max_line: usize) -> Self {
        let state = State { source: Source::NotStarted, splitter: Splitter::default() };
        Self { listener, max_line, overflow: Arc::default(), state: Mutex::new(state), changed: Notify::new() }
    }

    /// Happens when a line is too long.
    pub(super) fn overflow(&self) -> &Arc<Overflow> {
        &self.overflow
    }

    /// Reads until the end, or after a stop only the available bytes.
    pub(super) async fn read(self: Arc<Self>, stdout: ChildStdout, mut stopped: watch::Receiver<bool>) {
        self.state.lock().source = Source::OnRuntime(stdout);
        let mut chunk = vec![0; CHUNK];
        let all = async {
            loop {
                let is_full = self.listener.is_full();
                tokio::select! {
                    biased;
                    () = self.changed.notified() => {}
                    () = self.listener.drained().notified(), if is_full => {}
                    is_open = std::future::poll_fn(|context| self.poll_read(context, &mut chunk)), if !is_full => {
                        if !is_open {
                            return;
                        }
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = all => {}
            _ = stopped.wait_for(|stopped| *stopped) => {}
        }
        self.close();
    }

    /// Reads the available bytes, whatever reader the output has. Called before a timeout is reported.
    pub fn read_available(&self) {
        self.read_rest(&mut self.state.lock());
    }

    /// Reads once. Returns whether there may be more. Pending until `changed` while an event loop reads.
    fn poll_read(&self, context: &mut Context<'_>, chunk: &mut [u8]) -> Poll<bool> {
        let mut state = self.state.lock();
        #[cfg(unix)]
        state.source.take_back();
        #[cfg(unix)]
        if matches!(state.source, Source::OnEventLoop(_)) {
            return Poll::Pending;
        }
        let Source::OnRuntime(stdout) = &mut state.source else { return Poll::Ready(false) };
        let mut read = ReadBuf::new(chunk);
        let is_read = ready!(Pin::new(stdout).poll_read(context, &mut read)).is_ok();
        let bytes = read.filled();
        Poll::Ready(is_read && !bytes.is_empty() && self.split(&mut state, bytes))
    }

    /// Passes the complete lines to the listener. Returns `false` if one is too long.
    fn split(&self, state: &mut State, bytes: &[u8]) -> bool {
        let all_fit = state.splitter.each(bytes, |line| {
            let fits = line.len() <= self.max_line;
            if fits {
                self.listener.on_line(line);
            }
            fits
        });
        if all_fit && state.splitter.pending() <= self.max_line {
            return true;
        }
        (state.source, state.splitter) = (Source::Closed, Splitter::default());
        self.overflow.set();
        false
    }

    /// Reads the available bytes, up to the size of a pipe, because a process at the other end may write without end.
    fn read_rest(&self, state: &mut State) {
        let mut chunk = vec![0; CHUNK];
        let mut left = REST;
        while left > 0 && !self.listener.is_full() {
            let length = match state.source.try_read(&mut chunk[..left]) {
                // The regular reader will find the end again.
                None | Some(Err(_) | Ok(0)) => return,
                Some(Ok(length)) => length,
            };
            left -= length;
            if !self.split(state, &chunk[..length]) {
                return;
            }
        }
    }

    /// Reads the available bytes and closes the output. An incomplete last line counts as a line.
    fn close(&self) {
        let mut state = self.state.lock();
        self.read_rest(&mut state);
        #[cfg(unix)]
        state.source.release();
        state.source = Source::Closed;
        if let Some(line) = std::mem::take(&mut state.splitter).finish() {
            self.listener.on_line(&line);
        }
        self.listener.on_end();
    }
}

impl fmt::Debug for Stdout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Stdout").finish_non_exhaustive()
    }
}

#[cfg(all(test, unix))]
mod tests;
