//! Workers: processes that speak in lines, each used by one at a time and by many after one another.

mod error;
mod factory;
mod pool;
#[cfg(all(test, unix))]
mod tests;

pub use error::{WorkerEnd, WorkerError};
pub use factory::WorkerFactory;
pub use pool::{Acquired, Count, Use, WorkerPool};

use crate::registry::EndReason;
use crate::runner::{Call, InputSender, Line, LongRunning, READS_AHEAD, Stream};
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot};

/// A process, and who listens to it.
#[derive(Debug)]
pub struct Worker {
    process: LongRunning,
    input: Mutex<Option<InputSender>>,
    talk: Arc<Talk>,
    runtime: Handle,
}

/// What a worker says.
#[derive(Debug)]
struct Talk {
    state: Mutex<TalkState>,
    /// It said something though nobody had asked: the answer to a question of an earlier user, for all that is known.
    stray: Notify,
}

#[derive(Debug)]
struct TalkState {
    /// Until the first use. What it says before is the first user's.
    unheard: Option<Unheard>,
    /// Whoever uses it now.
    listener: Option<mpsc::Sender<Vec<Line>>>,
    /// How many answers, or pieces of them, the listener was handed.
    handed: u32,
    has_strayed: bool,
    is_over: bool,
}

/// What nobody has heard yet: what was read, and what comes after it.
#[derive(Debug)]
struct Unheard {
    read: Vec<Line>,
    coming: mpsc::Receiver<Vec<Line>>,
}

impl Worker {
    /// A worker over a process that has started.
    fn new(process: LongRunning, input: InputSender, lines: mpsc::Receiver<Vec<Line>>) -> Self {
        let unheard = Some(Unheard { read: Vec::new(), coming: lines });
        let state = TalkState { unheard, listener: None, handed: 0, has_strayed: false, is_over: false };
        let talk = Arc::new(Talk { state: Mutex::new(state), stray: Notify::new() });
        Self { process, input: Mutex::new(Some(input)), talk, runtime: Handle::current() }
    }

    /// Its pid.
    pub fn pid(&self) -> u32 {
        self.process.pid
    }

    /// What it writes from now on; `None` if it wrote something since its last use ended.
    fn begin_use(&self) -> Option<mpsc::Receiver<Vec<Line>>> {
        let mut state = self.talk.state.lock();
        if state.has_strayed {
            return None;
        }
        let (sender, receiver) = mpsc::channel(READS_AHEAD);
        (state.listener, state.handed) = ((!state.is_over).then_some(sender), 0);
        if let Some(unheard) = state.unheard.take() {
            self.runtime.spawn(Arc::clone(&self.talk).pass_on(unheard));
        }
        Some(receiver)
    }

    /// Whether all that it answered has been heard; `heard` counts the batches with lines of its standard output.
    fn end_use(&self, heard: u32) -> bool {
        let mut state = self.talk.state.lock();
        state.listener = None;
        state.handed == heard
    }

    /// Hands bytes over to its input. The receiver hears when it has taken them, and fails when it takes no more.
    pub fn write(&self, bytes: Vec<u8>) -> Option<oneshot::Receiver<()>> {
        self.input.lock().as_ref().map(|input| input.write(bytes))
    }

    /// Ends it in an orderly way, its input first; returns when nothing of it is left.
    async fn finish(&self) {
        self.input.lock().take();
        self.process.shut_down().await;
    }

    /// The same without waiting for it to leave by itself.
    async fn kill(&self) {
        self.input.lock().take();
        self.process.terminate();
        self.process.wait().await;
    }

    /// How it ended, once nothing of it is left.
    fn end(&self) -> WorkerEnd {
        self.process.outcome().map(|outcome| WorkerEnd::from(&*outcome)).unwrap_or_default()
    }

    /// How it ended, if its process has; what is not known yet is left out.
    fn exited(&self) -> Option<WorkerEnd> {
        let exit = self.process.exit_status()?;
        let known = self.process.outcome().map(|outcome| WorkerEnd::from(&*outcome));
        Some(known.unwrap_or(WorkerEnd { exit, ..WorkerEnd::default() }))
    }

    /// Waits until nothing of it is left, and tells how it ended.
    pub async fn over(&self) -> WorkerEnd {
        self.process.wait().await;
        let end = self.end();
        // It was ended by the end of its input if by nothing else.
        let asked = self.input.lock().is_none().then_some(EndReason::Shutdown);
        WorkerEnd { ended: end.ended.or(asked), ..end }
    }

    /// Reads until the first line of its standard output, which nobody else gets; `false` when there is none any more.
    async fn first_line(&self) -> bool {
        let Some(mut unheard) = self.talk.state.lock().unheard.take() else { return false };
        while let Some(mut batch) = unheard.coming.recv().await {
            if let Some(first) = batch.iter().position(|line| line.stream == Stream::Stdout) {
                unheard.read = batch.split_off(first + 1);
                self.talk.state.lock().unheard = Some(unheard);
                return true;
            }
        }
        false
    }
}

impl Talk {
    /// Passes on what is said to whoever listens at that time, and waits for them.
    async fn pass_on(self: Arc<Self>, Unheard { read, mut coming }: Unheard) {
        if !read.is_empty() {
            self.pass(read).await;
        }
        while let Some(batch) = coming.recv().await {
            self.pass(batch).await;
        }
        let mut state = self.state.lock();
        (state.listener, state.is_over) = (None, true);
    }

    async fn pass(&self, batch: Vec<Line>) {
        let answers = batch.iter().any(|line| line.stream == Stream::Stdout);
        let listener = {
            let mut state = self.state.lock();
            match state.listener {
                Some(_) => state.handed += u32::from(answers),
                None if answers => {
                    state.has_strayed = true;
                    self.stray.notify_one();
                }
                None => {}
            }
            state.listener.clone()
        };
        if let Some(listener) = listener {
            // Refused when the use has just ended, which then counts one less than was handed over.
            let _ = listener.send(batch).await;
        }
    }

    async fn strayed(&self) {
        self.stray.notified().await;
    }
}

/// How a worker is started and used.
#[derive(Debug, Clone)]
pub struct Template {
    /// What to run.
    pub call: Call,
    /// How long it may take to write its first line, which says that it is ready; without it, it is ready once it runs.
    pub ready_within: Option<Duration>,
}
