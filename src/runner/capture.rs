//! What a child writes, within bounds.

use super::lines::{Line, Splitter, Stream};
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{ChildStderr, ChildStdout};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
/// How much of a stream's errors is kept for error messages.
const STDERR_TAIL: usize = 64 * 1024;
/// How long an output may stay open when the tree is gone: only somebody who escaped it can hold it.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// Reads both outputs until they end.
#[derive(Debug)]
pub struct Capture {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    overflow: Arc<Overflow>,
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

    fn happen(&self) {
        self.happened.store(true, Ordering::Release);
        self.notify.notify_one();
    }
}

impl Capture {
    /// Starts to read; with `lines`, they are passed on instead of kept.
    pub fn start(
        stdout: ChildStdout,
        stderr: ChildStderr,
        max_buffer: usize,
        lines: Option<mpsc::Sender<Line>>,
    ) -> Self {
        let mut capture =
            Self { stdout: Arc::default(), stderr: Arc::default(), overflow: Arc::default(), readers: JoinSet::new() };
        let (out, err, overflow) = (&capture.stdout, &capture.stderr, &capture.overflow);
        if let Some(lines) = lines {
            let stream = |stream| LineReader {
                stream,
                splitter: Splitter::default(),
                receiver: lines.clone(),
                max_line: max_buffer,
                tail: (stream == Stream::Stderr).then(|| Arc::clone(err)),
            };
            let (out, err) = (stream(Stream::Stdout), stream(Stream::Stderr));
            capture.readers.spawn(pass_on(stdout, out, Arc::clone(overflow)));
            capture.readers.spawn(pass_on(stderr, err, Arc::clone(overflow)));
        } else {
            capture.readers.spawn(keep(stdout, Arc::clone(out), max_buffer, Arc::clone(overflow)));
            capture.readers.spawn(keep(stderr, Arc::clone(err), max_buffer, Arc::clone(overflow)));
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

    /// Whether both outputs have ended.
    pub fn is_finished(&self) -> bool {
        self.readers.is_empty()
    }

    /// What was read, and whether there was more.
    pub async fn into_outputs(mut self) -> (Vec<u8>, Vec<u8>, bool) {
        let _ = timeout(LAST_WORDS, self.finished()).await;
        self.readers.shutdown().await;
        let take = |bytes: &Mutex<Vec<u8>>| std::mem::take(&mut *bytes.lock());
        (take(&self.stdout), take(&self.stderr), self.overflow.happened.load(Ordering::Acquire))
    }
}

async fn keep(mut pipe: impl AsyncRead + Unpin, kept: Arc<Mutex<Vec<u8>>>, most: usize, overflow: Arc<Overflow>) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
        let mut kept = kept.lock();
        let fits = length.min(most - kept.len());
        kept.extend_from_slice(&chunk[..fits]);
        if fits < length {
            overflow.happen();
            return;
        }
    }
}

struct LineReader {
    stream: Stream,
    splitter: Splitter,
    receiver: mpsc::Sender<Line>,
    max_line: usize,
    tail: Option<Arc<Mutex<Vec<u8>>>>,
}

/// Waits for the receiver of the lines, so that a child which writes faster than it is read has to wait too.
async fn pass_on(mut pipe: impl AsyncRead + Unpin, mut to: LineReader, overflow: Arc<Overflow>) {
    let mut chunk = vec![0; CHUNK];
    while let Ok(length @ 1..) = pipe.read(&mut chunk).await {
        let bytes = &chunk[..length];
        if let Some(tail) = &to.tail {
            keep_tail(&mut tail.lock(), bytes);
        }
        for bytes in to.splitter.push(bytes) {
            if bytes.len() > to.max_line {
                overflow.happen();
                return;
            }
            // Nobody listens any more: the child may go on writing all the same.
            let _ = to.receiver.send(Line { stream: to.stream, bytes }).await;
        }
        if to.splitter.pending() > to.max_line {
            overflow.happen();
            return;
        }
    }
    if let Some(bytes) = to.splitter.finish() {
        let _ = to.receiver.send(Line { stream: to.stream, bytes }).await;
    }
}

fn keep_tail(tail: &mut Vec<u8>, bytes: &[u8]) {
    tail.extend_from_slice(bytes);
    let surplus = tail.len().saturating_sub(STDERR_TAIL);
    tail.drain(..surplus);
}
