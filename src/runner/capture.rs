//! Captures a child's outputs within limits.

mod gate;
mod line_reader;
mod pipe;

use super::lines::{Line, Stream};
use super::overflow::{CHUNK, Overflow};
use super::stdout::Stdout;
use crate::process::tree::{ChildStderr, ChildStdout};
pub use gate::{Gate, Gates};
use line_reader::{LineReader, pass_on};
use parking_lot::Mutex;
use pipe::Pipe;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncRead;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// The time that an output may stay open after the tree's exit. Only a process that escaped the tree can hold it.
pub const OUTPUT_TIMEOUT: Duration = Duration::from_millis(500);
/// The receivers of the lines of both outputs.
#[derive(Debug, Clone)]
pub enum Lines {
    /// One receiver for both, and the gates of both. A line of either that is too long ends the tree.
    Together(mpsc::Sender<Vec<Line>>, Gates),
    /// One receiver for each. The standard error is informational, so its long lines are split.
    Separate {
        /// Reads the standard output, with its own limit for lines.
        stdout: Arc<Stdout>,
        /// Receives the lines of the standard error.
        stderr: mpsc::Sender<Vec<Line>>,
    },
}

/// Reads both outputs until they end.
#[derive(Debug)]
pub struct Capture {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    overflow: Arc<Overflow>,
    /// Stops the readers, even while another process holds the outputs open.
    stop: watch::Sender<bool>,
    gates: Option<Gates>,
    readers: JoinSet<()>,
}

impl Capture {
    /// Starts the readers. With `lines`, lines are passed on instead of kept.
    pub fn start(stdout: ChildStdout, stderr: ChildStderr, max_buffer: usize, lines: Option<Lines>) -> Self {
        let mut capture = Self {
            stdout: Arc::default(),
            stderr: Arc::default(),
            overflow: Arc::default(),
            stop: watch::Sender::new(false),
            gates: None,
            readers: JoinSet::new(),
        };
        if let Some(Lines::Separate { stdout, .. }) = &lines {
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
            Some(Lines::Together(receiver, gates)) => {
                let pipe = Pipe::new(stdout, capture.stop.subscribe()).behind(gates.subscribe(Stream::Stdout));
                let pipe_of_errors = pipe_of_errors.behind(gates.subscribe(Stream::Stderr));
                let reader = LineReader::new(Stream::Stdout, receiver.clone(), max_buffer);
                capture.gates = Some(gates);
                capture.readers.spawn(pass_on(pipe, reader, Arc::clone(overflow)));
                capture.readers.spawn(pass_on(pipe_of_errors, errors(receiver), Arc::clone(overflow)));
            }
            Some(Lines::Separate { stdout: reader, stderr: receiver }) => {
                capture.readers.spawn(reader.read(stdout, capture.stop.subscribe()));
                capture.readers.spawn(pass_on(pipe_of_errors, errors(receiver).cutting(), Arc::clone(overflow)));
            }
        }
        capture
    }

    /// Returns the signal for too much output.
    pub fn overflow(&self) -> Arc<Overflow> {
        Arc::clone(&self.overflow)
    }

    /// Reads the outputs that no caller has asked for. Called when the root has exited or is to be terminated.
    pub fn open_waiting(&self) {
        if let Some(gates) = &self.gates {
            gates.open_waiting();
        }
    }

    /// Waits until both outputs have ended.
    pub async fn wait(&mut self) {
        while self.readers.join_next().await.is_some() {}
    }

    /// Returns both outputs, and whether a limit was exceeded. The outputs may stay open for `timeout`.
    pub async fn into_outputs(mut self, timeout: Duration) -> (Vec<u8>, Vec<u8>, bool) {
        if tokio::time::timeout(timeout, self.wait()).await.is_err() {
            // The readers stop reading. Lines already read stay pending for their receiver without limit.
            self.stop.send_replace(true);
            self.readers.detach_all();
        }
        let take = |bytes: &Mutex<Vec<u8>>| std::mem::take(&mut *bytes.lock());
        (take(&self.stdout), take(&self.stderr), self.overflow.is_set())
    }
}

async fn keep<P: AsyncRead + Unpin>(
    mut pipe: Pipe<P>,
    kept: Arc<Mutex<Vec<u8>>>,
    most: usize,
    overflow: Arc<Overflow>,
) {
    // Left uninitialised, because most children write little, and each touched page takes time.
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
            overflow.set();
            return;
        }
    }
}
