//! An output that can be closed before its end.

use crate::runner::overflow::REST;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

/// An output that can be closed before its end.
pub struct Pipe<P> {
    output: P,
    stopped: watch::Receiver<bool>,
    /// The bytes that may still be read after the stop, because a process that holds the output may write without end.
    rest: usize,
}

impl<P: AsyncRead + Unpin> Pipe<P> {
    pub fn new(output: P, stopped: watch::Receiver<bool>) -> Self {
        Self { output, stopped, rest: REST }
    }

    /// Returns the next bytes. Empty at the end.
    pub async fn read<'a>(&mut self, chunk: &'a mut Vec<u8>) -> &'a [u8] {
        chunk.clear();
        let is_stopped = *self.stopped.borrow();
        if is_stopped && self.rest < chunk.capacity() {
            *chunk = Vec::with_capacity(self.rest);
        }
        if chunk.capacity() == 0 {
            return chunk;
        }
        let length = tokio::select! {
            biased;
            read = self.output.read_buf(chunk) => read.unwrap_or(0),
            _ = self.stopped.wait_for(|stopped| *stopped) => 0,
        };
        if is_stopped {
            self.rest = self.rest.saturating_sub(length);
        }
        &chunk[..length]
    }
}
