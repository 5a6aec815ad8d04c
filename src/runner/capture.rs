//! Captures a child's outputs within limits.

mod line_reader;
mod merge;
mod outlet;
mod pipe;

use super::lines::{Line, Stream};
use super::overflow::{CHUNK, Overflow};
use super::stdout::Stdout;
#[cfg(unix)]
use crate::process::tree::Outputs;
use crate::process::tree::{ChildStderr, ChildStdout};
use line_reader::{LineReader, keep_tail, pass_on};
use merge::Part;
use outlet::OutletReader;
pub use outlet::{Outlet, Taken, Untakable};
use parking_lot::Mutex;
use pipe::Pipe;
#[cfg(unix)]
use std::io;
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
    /// One receiver for both. A line of either that is too long ends the tree.
    Together(mpsc::Sender<Vec<Line>>, Outlets),
    /// One receiver for each. The standard error is informational, so its long lines are split.
    Separate {
        /// Reads the standard output, with its own limit for lines.
        stdout: Arc<Stdout>,
        /// Receives the lines of the standard error.
        stderr: mpsc::Sender<Vec<Line>>,
    },
}

/// Both outputs of a command whose caller decides about their use.
#[derive(Debug, Clone)]
pub struct Outlets {
    /// The standard output.
    pub stdout: Arc<Outlet>,
    /// The standard error.
    pub stderr: Arc<Outlet>,
}

impl Outlets {
    /// Makes outputs that wait for their first caller.
    pub fn waiting() -> Self {
        Self { stdout: Arc::new(Outlet::waiting()), stderr: Arc::new(Outlet::waiting()) }
    }

    /// Makes outputs whose lines are passed on from their start.
    pub fn of_lines() -> Self {
        Self { stdout: Arc::new(Outlet::of_lines()), stderr: Arc::new(Outlet::of_lines()) }
    }

    /// Makes the pipes, and returns the command's ends of them.
    ///
    /// # Errors
    /// The system's error when it has no more descriptors.
    #[cfg(unix)]
    pub(super) fn start(&self) -> io::Result<Outputs> {
        Ok(Outputs { stdout: self.stdout.start()?, stderr: self.stderr.start()? })
    }

    /// Ends the outputs of a command that was not started. Without effect after the start.
    pub fn forsake(&self) {
        self.stdout.forsake();
        self.stderr.forsake();
    }
}

/// The captured bytes.
#[derive(Debug)]
pub struct Captured {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Both, if they were merged.
    pub all: Option<Vec<u8>>,
    /// A limit was exceeded.
    pub overflowed: bool,
}

/// Reads both outputs until they end.
#[derive(Debug)]
pub struct Capture {
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Vec<u8>>>,
    /// Both, in the order of their reading.
    all: Option<Arc<Mutex<Vec<u8>>>>,
    overflow: Arc<Overflow>,
    /// Stops the readers, even while another process holds the outputs open.
    stop: watch::Sender<bool>,
    outlets: Option<Outlets>,
    readers: JoinSet<()>,
}

impl Capture {
    /// Starts the readers. With `lines`, lines are passed on instead of kept.
    pub fn start(
        stdout: Option<ChildStdout>,
        stderr: Option<ChildStderr>,
        max_buffer: usize,
        lines: Option<Lines>,
        merge: bool,
    ) -> Self {
        let mut capture = Self {
            stdout: Arc::default(),
            stderr: Arc::default(),
            all: merge.then(Arc::default),
            overflow: Arc::default(),
            stop: watch::Sender::new(false),
            outlets: None,
            readers: JoinSet::new(),
        };
        if let Some(Lines::Separate { stdout, .. }) = &lines {
            capture.overflow = Arc::clone(stdout.overflow());
        }
        let (stop, kept) = (capture.stop.clone(), [Arc::clone(&capture.stdout), Arc::clone(&capture.stderr)]);
        match lines {
            None => {
                let [out, err] = kept;
                capture.keep(stdout, out, max_buffer);
                capture.keep(stderr, err, max_buffer);
            }
            Some(Lines::Together(receiver, outlets)) => {
                #[cfg(windows)]
                {
                    outlets.stdout.start(stdout);
                    outlets.stderr.start(stderr);
                }
                let overflow = Arc::clone(&capture.overflow);
                let reader = |stream, outlet: &Arc<Outlet>| OutletReader {
                    stream,
                    outlet: Arc::clone(outlet),
                    receiver: receiver.clone(),
                    max_line: max_buffer,
                    overflow: Arc::clone(&overflow),
                };
                let [_, err] = kept;
                let tail = move |bytes: &[u8]| keep_tail(&mut err.lock(), bytes);
                capture.readers.spawn(reader(Stream::Stdout, &outlets.stdout).read(stop.subscribe(), |_| {}));
                capture.readers.spawn(reader(Stream::Stderr, &outlets.stderr).read(stop.subscribe(), tail));
                capture.outlets = Some(outlets);
            }
            Some(Lines::Separate { stdout: reader, stderr: receiver }) => {
                if let Some(stdout) = stdout {
                    capture.readers.spawn(reader.read(stdout, stop.subscribe()));
                }
                if let Some(stderr) = stderr {
                    let [_, err] = kept;
                    let reader = LineReader::new(Stream::Stderr, receiver, err);
                    capture.readers.spawn(pass_on(Pipe::new(stderr, stop.subscribe()), reader));
                }
            }
        }
        capture
    }

    fn keep<P>(&mut self, output: Option<P>, kept: Arc<Mutex<Vec<u8>>>, most: usize)
    where
        P: AsyncRead + Unpin + Send + 'static,
    {
        if let Some(output) = output {
            let pipe = Pipe::new(output, self.stop.subscribe());
            let kept = Kept { bytes: kept, most, all: self.all.clone().map(Part::new) };
            self.readers.spawn(keep(pipe, kept, Arc::clone(&self.overflow)));
        }
    }

    /// Returns the signal for too much output.
    pub fn overflow(&self) -> Arc<Overflow> {
        Arc::clone(&self.overflow)
    }

    /// Reads the outputs that no caller has asked for. Called when the root has exited or is to be terminated.
    pub fn open_waiting(&self) {
        if let Some(Outlets { stdout, stderr }) = &self.outlets {
            stdout.keep();
            stderr.keep();
        }
    }

    /// Waits until both outputs have ended.
    pub async fn wait(&mut self) {
        while self.readers.join_next().await.is_some() {}
    }

    /// Returns the outputs, which may stay open for `timeout`.
    pub async fn into_outputs(mut self, timeout: Duration) -> Captured {
        if tokio::time::timeout(timeout, self.wait()).await.is_err() {
            // The readers stop reading. Lines already read stay pending for their receiver without limit.
            self.stop.send_replace(true);
            self.readers.detach_all();
        }
        let take = |bytes: &Mutex<Vec<u8>>| std::mem::take(&mut *bytes.lock());
        Captured {
            stdout: take(&self.stdout),
            stderr: take(&self.stderr),
            all: self.all.as_deref().map(take),
            overflowed: self.overflow.is_set(),
        }
    }
}

/// The kept bytes of one output.
struct Kept {
    bytes: Arc<Mutex<Vec<u8>>>,
    most: usize,
    all: Option<Part>,
}

async fn keep<P: AsyncRead + Unpin>(mut pipe: Pipe<P>, mut kept: Kept, overflow: Arc<Overflow>) {
    // Left uninitialised, because most children write little, and each touched page takes time.
    let mut chunk = Vec::with_capacity(CHUNK);
    loop {
        let bytes = pipe.read(&mut chunk).await;
        if bytes.is_empty() {
            break;
        }
        let mut so_far = kept.bytes.lock();
        let fits = bytes.len().min(kept.most - so_far.len());
        so_far.extend_from_slice(&bytes[..fits]);
        if let Some(all) = &mut kept.all {
            all.add(&bytes[..fits]);
        }
        if fits < bytes.len() {
            overflow.set();
            break;
        }
    }
    if let Some(all) = kept.all {
        all.end();
    }
}
