//! A worker process, and what it writes.

use super::error::WorkerEnd;
use crate::registry::EndReason;
use crate::runner::{InputSender, Line, LongRunning, READS_AHEAD, Stream};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};

/// A worker process.
#[derive(Debug)]
pub struct Worker {
    pub(super) process: LongRunning,
    input: Mutex<Option<InputSender>>,
    pub(super) output: Arc<Output>,
    runtime: Handle,
}

/// The lines that a worker writes, and their reader.
#[derive(Debug)]
pub(super) struct Output {
    state: Mutex<State>,
    /// Notified when the worker writes to its standard output without a user. That may be the answer to an earlier user.
    stray: Notify,
}

#[derive(Debug)]
struct State {
    /// The output until the first use, which belongs to the first user.
    unread: Option<Unread>,
    /// The reader of the current use.
    reader: Option<mpsc::Sender<Vec<Line>>>,
    /// The number of batches with lines of the standard output that the reader was sent.
    batches_sent: u32,
    has_strayed: bool,
    has_ended: bool,
}

/// Output without a reader: lines that were read already, and the lines after these.
#[derive(Debug)]
struct Unread {
    lines: Vec<Line>,
    rest: mpsc::Receiver<Vec<Line>>,
}

impl Worker {
    /// Makes a worker of a process that has started.
    pub(super) fn new(process: LongRunning, input: InputSender, lines: mpsc::Receiver<Vec<Line>>) -> Self {
        let unread = Some(Unread { lines: Vec::new(), rest: lines });
        let state = State { unread, reader: None, batches_sent: 0, has_strayed: false, has_ended: false };
        let output = Arc::new(Output { state: Mutex::new(state), stray: Notify::new() });
        Self { process, input: Mutex::new(Some(input)), output, runtime: Handle::current() }
    }

    /// Returns the pid.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// Returns the lines that the worker writes from now on; `None` if it wrote something since the last use.
    pub(super) fn begin_use(&self) -> Option<mpsc::Receiver<Vec<Line>>> {
        let mut state = self.output.state.lock();
        if state.has_strayed {
            return None;
        }
        let (sender, receiver) = mpsc::channel(READS_AHEAD);
        (state.reader, state.batches_sent) = ((!state.has_ended).then_some(sender), 0);
        if let Some(unread) = state.unread.take() {
            self.runtime.spawn(Arc::clone(&self.output).forward_all(unread));
        }
        Some(receiver)
    }

    /// Ends a use. Returns whether all batches with lines of the standard output have been read.
    pub(super) fn end_use(&self, batches_read: u32) -> bool {
        let mut state = self.output.state.lock();
        state.reader = None;
        state.batches_sent == batches_read
    }

    /// Writes to the worker's standard input. The receiver resolves when the bytes are written, and fails when the input is
    /// closed.
    pub fn write(&self, bytes: Vec<u8>) -> Option<oneshot::Receiver<()>> {
        self.input.lock().as_ref().map(|input| input.write(bytes))
    }

    /// Closes the standard input, and terminates the worker if it does not exit. Returns when every process of the worker
    /// has exited.
    pub(super) async fn terminate(&self) {
        self.input.lock().take();
        self.process.shut_down().await;
    }

    /// Terminates the worker at once, for this reason. Returns when every process of the worker has exited.
    pub(super) async fn terminate_now(&self, reason: EndReason) {
        self.process.terminate(reason);
        self.input.lock().take();
        self.process.wait().await;
    }

    /// Returns how the worker ended, once every process of it has exited.
    pub(super) fn end_status(&self) -> WorkerEnd {
        self.process.outcome().map(|outcome| WorkerEnd::from(&*outcome)).unwrap_or_default()
    }

    /// Returns how the worker ended, as far as it is known, once its root process has exited.
    pub(super) fn exit_status(&self) -> Option<WorkerEnd> {
        let exit = self.process.exit_status()?;
        let known = self.process.outcome().map(|outcome| WorkerEnd::from(&*outcome));
        Some(known.unwrap_or(WorkerEnd { exit, ..WorkerEnd::default() }))
    }

    /// Waits until every process of the worker has exited. Returns how it ended.
    pub async fn wait(&self) -> WorkerEnd {
        self.process.wait().await;
        let end = self.end_status();
        // If nothing else ended the worker, the end of its input did.
        let asked = self.input.lock().is_none().then_some(EndReason::Shutdown);
        WorkerEnd { ended: end.ended.or(asked), ..end }
    }

    /// Reads until the first line of the standard output, which no user gets. Returns `false` when the output ends before.
    pub(super) async fn first_line(&self) -> bool {
        let Some(mut unread) = self.output.state.lock().unread.take() else { return false };
        while let Some(mut batch) = unread.rest.recv().await {
            if let Some(first) = batch.iter().position(|line| line.stream == Stream::Stdout) {
                unread.lines = batch.split_off(first + 1);
                self.output.state.lock().unread = Some(unread);
                return true;
            }
        }
        false
    }
}

impl Output {
    /// Forwards all lines to the reader of their time, and waits while the reader is slow.
    async fn forward_all(self: Arc<Self>, Unread { lines, mut rest }: Unread) {
        if !lines.is_empty() {
            self.forward(lines).await;
        }
        while let Some(batch) = rest.recv().await {
            self.forward(batch).await;
        }
        let mut state = self.state.lock();
        (state.reader, state.has_ended) = (None, true);
    }

    async fn forward(&self, batch: Vec<Line>) {
        let has_stdout = batch.iter().any(|line| line.stream == Stream::Stdout);
        let reader = {
            let mut state = self.state.lock();
            match state.reader {
                Some(_) => state.batches_sent += u32::from(has_stdout),
                None if has_stdout => {
                    state.has_strayed = true;
                    self.stray.notify_one();
                }
                None => {}
            }
            state.reader.clone()
        };
        if let Some(reader) = reader {
            // Sending fails when the use has just ended, which then has read fewer batches than were sent.
            let _ = reader.send(batch).await;
        }
    }

    /// Waits until the worker has written to its standard output without a user.
    pub(super) async fn strayed(&self) {
        self.stray.notified().await;
    }
}
