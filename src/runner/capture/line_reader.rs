//! Reads an output line by line.

use super::pipe::Pipe;
use crate::runner::lines::{Line, Splitter, Stream};
use crate::runner::overflow::{CHUNK, Overflow};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::io::AsyncRead;
use tokio::sync::mpsc;

/// The part of the standard error that is kept for error messages.
const STDERR_TAIL: usize = 64 * 1024;

pub struct LineReader {
    stream: Stream,
    splitter: Splitter,
    receiver: mpsc::Sender<Vec<Line>>,
    max_line: usize,
    /// A line that is too long is passed on in parts.
    cuts: bool,
    tail: Option<Arc<Mutex<Vec<u8>>>>,
}

/// Passes on lines and waits for their receiver, so that a child that writes too fast has to wait too.
pub async fn pass_on<P: AsyncRead + Unpin>(mut pipe: Pipe<P>, mut to: LineReader, overflow: Arc<Overflow>) {
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let bytes = pipe.read(&mut chunk).await;
        if bytes.is_empty() {
            break;
        }
        if let Some(tail) = &to.tail {
            keep_tail(&mut tail.lock(), bytes);
        }
        let mut lines = to.splitter.push(bytes);
        if to.cuts {
            if to.splitter.pending() > to.max_line {
                lines.push(to.splitter.take());
            }
            if !lines.is_empty() {
                to.pass(lines).await;
            }
            continue;
        }
        let too_long = lines.iter().position(|line| line.len() > to.max_line);
        lines.truncate(too_long.unwrap_or(lines.len()));
        if !lines.is_empty() {
            to.pass(lines).await;
        }
        if too_long.is_some() || to.splitter.pending() > to.max_line {
            overflow.set();
            return;
        }
    }
    if let Some(line) = std::mem::take(&mut to.splitter).finish() {
        to.pass(vec![line]).await;
    }
}

impl LineReader {
    pub fn new(stream: Stream, receiver: mpsc::Sender<Vec<Line>>, max_line: usize) -> Self {
        Self { stream, splitter: Splitter::default(), receiver, max_line, cuts: false, tail: None }
    }

    /// Keeps the last part of the stream.
    pub fn with_tail(mut self, tail: Arc<Mutex<Vec<u8>>>) -> Self {
        self.tail = Some(tail);
        self
    }

    /// Splits lines that are longer than the kept part.
    pub fn cutting(mut self) -> Self {
        (self.cuts, self.max_line) = (true, STDERR_TAIL);
        self
    }

    async fn pass(&self, lines: Vec<Vec<u8>>) {
        let lines = lines.into_iter().map(|bytes| Line { stream: self.stream, bytes }).collect();
        // Without a receiver the child may go on writing.
        let _ = self.receiver.send(lines).await;
    }
}

fn keep_tail(tail: &mut Vec<u8>, bytes: &[u8]) {
    tail.extend_from_slice(bytes);
    let surplus = tail.len().saturating_sub(STDERR_TAIL);
    tail.drain(..surplus);
}
