//! An output that can be closed before its end.

use super::gate::Gate;
use crate::runner::overflow::REST;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

/// An output that can be closed before its end.
pub struct Pipe<P> {
    output: P,
    stopped: watch::Receiver<bool>,
    gate: Option<watch::Receiver<Gate>>,
    /// The bytes that may still be read after the stop, because a process that holds the output may write without end.
    rest: usize,
}

impl<P: AsyncRead + Unpin> Pipe<P> {
    pub fn new(output: P, stopped: watch::Receiver<bool>) -> Self {
        Self { output, stopped, gate: None, rest: REST }
    }

    /// Reads only while the gate is open, or after the stop.
    pub fn behind(mut self, gate: watch::Receiver<Gate>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Returns the next bytes. Empty at the end.
    pub async fn read<'a>(&mut self, chunk: &'a mut Vec<u8>) -> &'a [u8] {
        chunk.clear();
        if let Some(gate) = &mut self.gate {
            tokio::select! {
                biased;
                // Fails when the gates are dropped, after which no caller can open this one.
                _ = gate.wait_for(|gate| *gate == Gate::Open) => {}
                _ = self.stopped.wait_for(|stopped| *stopped) => {}
            }
        }
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
