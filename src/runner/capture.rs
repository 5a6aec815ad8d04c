//! What a child writes, within bounds.

use super::lines::{Line, Lines, Splitter, Stream};
use crate::process::tree::{ChildStderr, ChildStdout};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How much is read at once.
pub const CHUNK: usize = 64 * 1024;
/// How much of a stream's errors is kept for error messages.
const STDERR_TAIL: usize = 64 * 1024;
/// How long an output may stay open when the tree is gone: only somebody who escaped it can hold it.
pub const LAST_WORDS: Duration = Duration::from_millis(500);
/// No less than a pipe holds: whatever the tree wrote before it was gone.
pub const REST: usize = 64 * 1024;

/// Reads both outputs until they end.
#[derive(Debug)]
pub struct Capture {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    overflow: Arc<Overflow>,
    /// Tells the readers that nothing more will come, whoever still holds the outputs open.
    stop: watch::Sender<bool>,
    readers: JoinSet<()>,
}

/// Happens when an output, or a line of a stream, is longer than it may be.
#[derive(Debug, Default)]
pub struct Overflow {
    happened: AtomicBool,
    notify: Notify,
}

impl Overflow {
    /// Waits for it, if it has not happened already.
    pub async fn happened(&self) {
        while !self.happened.load(Ordering::Acquire) {
            self.notify.notified().await;
        }
    }

    pub fn happen(&self) {
        self.happened.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

impl Capture {
    /// Starts to read; with `lines`, they are passed on instead of kept.
    pub fn start(stdout: ChildStdout, stderr: ChildStderr, max_buffer: usize, lines: Option<Lines>) -> Self {
        let mut capture = Self {
            stdout: Arc::default(),
            stderr: Arc::default(),
            overflow: Arc::default(),
            stop: watch::Sender::new(false),
            readers: JoinSet::new(),
        };
        if let Some(Lines::Apart { stdout, .. }) = &lines {
            capture.overflow = Arc::clone(stdout.overflow());
        }
        let (out, err, overflow) = (&capture.stdout, &capture.stderr, &capture.overflow);
        let pipe_of_errors = Pipe::new(stderr, capture.stop.subscribe());
        let errors = |receiver| LineReader::new(Stream::Stderr, receiver, max_buffer).with_tail(Arc::clone(err));
        match lines {
            None => {
                let pipe = Pipe::new(stdout, capture.stop.subscribe());
                capture.readers.spawn(keep(pipe, Arc::clone(out), max_buffer, Arc::clone(overflow)));
                capture.readers.spawn(keep(pipe_of_errors, Arc::clone(err), max_buffer, Arc::clone(overflow)));
            }
            Some(Lines::Together(receiver)) => {
                let pipe = Pipe::new(stdout, capture.stop.subscribe());
                let reader = LineReader::new(Stream::Stdout, receiver.clone(), max_buffer);
                capture.readers.spawn(pass_on(pipe, reader, Arc::clone(overflow)));
                capture.readers.spawn(pass_on(pipe_of_errors, errors(receiver), Arc::clone(overflow)));
            }
            Some(Lines::Apart { stdout: outlet, stderr: receiver }) => {
                capture.readers.spawn(outlet.read(stdout, capture.stop.subscribe()));
                capture.readers.spawn(pass_on(pipe_of_errors, errors(receiver).cutting(), Arc::clone(overflow)));
            }
        }
        capture
    }

    /// To watch for too much output.
    pub fn overflow(&self) -> Arc<Overflow> {
        Arc::clone(&self.overflow)
    }

    /// Waits until both outputs have ended.
    pub async fn finished(&mut self) {
        while self.readers.join_next().await.is_some() {}
    }

    /// What was read, and whether there was more. The outputs may stay open for `patience`.
    pub async fn into_outputs(mut self, patience: Duration) -> (Vec<u8>, Vec<u8>, bool) {
        if timeout(patience, self.finished()).await.is_err() {
            // The reading stops. Lines that were read go on waiting for their receiver, however long that takes.
            self.stop.send_replace(true);
            self.readers.detach_all();
        }
        let take = |bytes: &Mutex<Vec<u8>>| std::mem::take(&mut *bytes.lock());
        (take(&self.stdout), take(&self.stderr), self.overflow.happened.load(Ordering::Acquire))
    }
}

/// An output that can be left before its end.
struct Pipe<P> {
    output: P,
    stopped: watch::Receiver<bool>,
    /// What may still be read once it is to be left: whoever holds it then may write for ever.
    rest: usize,
}

impl<P: AsyncRead + Unpin> Pipe<P> {
    fn new(output: P, stopped: watch::Receiver<bool>) -> Self {
        Self { output, stopped, rest: REST }
    }

    /// The next bytes; none at the end.
    async fn read<'a>(&mut self, chunk: &'a mut Vec<u8>) -> &'a [u8] {
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

async fn keep<P: AsyncRead + Unpin>(
    mut pipe: Pipe<P>,
    kept: Arc<Mutex<Vec<u8>>>,
    most: usize,
    overflow: Arc<Overflow>,
) {
    // Not filled with anything: most children write little, and each page that is touched takes time.
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let bytes = pipe.read(&mut chunk).await;
        if bytes.is_empty() {
            return;
        }
        let mut kept = kept.lock();
        let fits = bytes.len().min(most - kept.len());
        kept.extend_from_slice(&bytes[..fits]);
        if fits < bytes.len() {
            overflow.happen();
            return;
        }
    }
}

struct LineReader {
    stream: Stream,
    splitter: Splitter,
    receiver: mpsc::Sender<Vec<Line>>,
    max_line: usize,
    /// A line that is too long is passed on in parts.
    cuts: bool,
    tail: Option<Arc<Mutex<Vec<u8>>>>,
}

/// Waits for the receiver of the lines, so that a child which writes faster than it is read has to wait too.
async fn pass_on<P: AsyncRead + Unpin>(mut pipe: Pipe<P>, mut to: LineReader, overflow: Arc<Overflow>) {
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
            overflow.happen();
            return;
        }
    }
    if let Some(line) = std::mem::take(&mut to.splitter).finish() {
        to.pass(vec![line]).await;
    }
}

impl LineReader {
    fn new(stream: Stream, receiver: mpsc::Sender<Vec<Line>>, max_line: usize) -> Self {
        Self { stream, splitter: Splitter::default(), receiver, max_line, cuts: false, tail: None }
    }

    /// Keeps the last part of the stream.
    fn with_tail(mut self, tail: Arc<Mutex<Vec<u8>>>) -> Self {
        self.tail = Some(tail);
        self
    }

    /// Cuts lines that are longer than what is kept.
    fn cutting(mut self) -> Self {
        (self.cuts, self.max_line) = (true, STDERR_TAIL);
        self
    }

    async fn pass(&self, lines: Vec<Vec<u8>>) {
        let lines = lines.into_iter().map(|bytes| Line { stream: self.stream, bytes }).collect();
        // Nobody listens any more: the child may go on writing all the same.
        let _ = self.receiver.send(lines).await;
    }
}

fn keep_tail(tail: &mut Vec<u8>, bytes: &[u8]) {
    tail.extend_from_slice(bytes);
    let surplus = tail.len().saturating_sub(STDERR_TAIL);
    tail.drain(..surplus);
}
