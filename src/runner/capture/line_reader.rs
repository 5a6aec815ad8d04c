//! Reads an informational output line by line.

use super::pipe::Pipe;
use crate::runner::lines::{Line, Splitter, Stream};
use crate::runner::overflow::CHUNK;
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

/// The part of the standard error that is kept for error messages.
const STDERR_TAIL: usize = 64 * 1024;

/// Passes on the lines of an output, and keeps the last part of it. Lines longer than that part are split.
pub struct LineReader {
    stream: Stream,
    splitter: Splitter,
    receiver: mpsc::Sender<Vec<Line>>,
    tail: Arc<Mutex<Vec<u8>>>,
}

/// Passes on lines and waits for their receiver, so that a child that writes too fast has to wait too.
pub async fn pass_on<P: AsyncRead + Unpin>(mut pipe: Pipe<P>, mut to: LineReader) {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let bytes = pipe.read(&mut chunk).await;
        if bytes.is_empty() {
            break;
        }
        keep_tail(&mut to.tail.lock(), bytes);
        let mut lines = to.splitter.push(bytes);
        if to.splitter.pending() > STDERR_TAIL {
            lines.push(to.splitter.take());
        }
        if !lines.is_empty() {
            to.pass(lines).await;
        }
    }
    if let Some(line) = std::mem::take(&mut to.splitter).finish() {
        to.pass(vec![line]).await;
    }
}

impl LineReader {
    pub fn new(stream: Stream, receiver: mpsc::Sender<Vec<Line>>, tail: Arc<Mutex<Vec<u8>>>) -> Self {
        Self { stream, splitter: Splitter::default(), receiver, tail }
    }

    async fn pass(&self, lines: Vec<Vec<u8>>) {
        let lines = lines.into_iter().map(|bytes| Line { stream: self.stream, bytes }).collect();
        // Without a receiver the child may go on writing.
        let _ = self.receiver.send(lines).await;
    }
}

/// Keeps the last part of a stream.
pub fn keep_tail(tail: &mut Vec<u8>, bytes: &[u8]) {
    tail.extend_from_slice(bytes);
    let surplus = tail.len().saturating_sub(STDERR_TAIL);
    tail.drain(..surplus);
}
