//! What is written to a child's standard input, and by whom.
//!
//! Whoever has something to write does so at once, on its own thread, as long as the child keeps up; what does not fit
//! into the pipe is fed to it later.

mod backlog;
mod chunk;
mod cork;
mod state;

pub use backlog::Backlog;
pub use chunk::Sent;
pub use cork::corked;

use crate::process::tree::{ChildStdin, try_write};
use chunk::Chunk;
use cork::Corked;
use parking_lot::Mutex;
use state::State;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use tokio::sync::{Notify, oneshot};

/// The writing end; the child's input ends when the last of its clones is dropped and all is written.
#[derive(Debug, Clone)]
pub struct InputSender(Arc<Sender>);

/// The end that feeds the child.
#[derive(Debug)]
pub struct Input(Option<Arc<Shared>>);

/// A way to write to a child that may not have started yet.
pub fn input() -> (InputSender, Input) {
    let shared = Arc::<Shared>::default();
    (InputSender(Arc::new(Sender(Arc::clone(&shared)))), Input(Some(shared)))
}

#[derive(Debug)]
struct Sender(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Told whenever there is something to do for whoever feeds.
    changed: Notify,
}

impl InputSender {
    /// Hands bytes over. The receiver hears when they are in the pipe, and fails when nobody reads it any more.
    pub fn write(&self, bytes: Vec<u8>) -> oneshot::Receiver<()> {
        let (written, receiver) = oneshot::channel();
        // A chunk that is refused takes its `written` with it, which is the failure.
        self.0.0.push(Chunk { bytes, written: Some(written), ..Chunk::default() });
        receiver
    }

    /// Hands bytes over; `sent` tells from when on the child may have seen some of them. Nobody hears whether it takes them.
    pub fn post(&self, bytes: Vec<u8>, sent: Sent) {
        self.0.0.push(Chunk { bytes, sent, ..Chunk::default() });
    }

    /// Hands bytes over that count towards a backlog until they are in the pipe.
    pub fn post_counted(&self, bytes: Vec<u8>, backlog: &Backlog) {
        let share = Some(backlog.add(bytes.len()));
        self.0.0.push(Chunk { bytes, share, ..Chunk::default() });
    }

    /// Takes back what has not begun to leave; `false` when there is no such thing.
    pub fn withdraw(&self, sent: &Sent) -> bool {
        let mut state = self.0.0.state.lock();
        let at = state.queue.iter().position(|chunk| chunk.sent.is(sent) && chunk.from == 0);
        at.and_then(|at| state.queue.remove(at)).is_some()
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.0.state.lock().is_complete = true;
        self.0.changed.notify_one();
    }
}

impl Shared {
    fn push(self: &Arc<Self>, mut chunk: Chunk) {
        let mut state = self.state.lock();
        if state.is_closed {
            return;
        }
        if cork::is_joining()
            && let Some(is_first) = state.join(&chunk)
        {
            state.queue.push_back(chunk);
            if is_first {
                cork::add(Arc::clone(self) as Arc<dyn Corked>);
            }
            return;
        }
        if state.queue.is_empty()
            && let Some(stdin) = &state.stdin
        {
            match chunk.write(|rest| try_write(stdin, rest)) {
                Ok(true) => return chunk.done(),
                Ok(false) => {}
                Err(_) => state.close(),
            }
        }
        if !state.is_closed {
            state.queue.push_back(chunk);
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Writes all that is queued; tells whether there may be more.
    fn poll_feed(&self, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.state.lock();
        while let State { stdin: Some(stdin), queue, .. } = &mut *state
            && let Some(chunk) = queue.front_mut()
        {
            let rest = chunk.rest();
            let written = if rest.is_empty() { Ok(0) } else { ready!(Pin::new(stdin).poll_write(context, rest)) };
            match chunk.advance(written) {
                Ok(true) => state.queue.pop_front().into_iter().for_each(Chunk::done),
                Ok(false) => {}
                Err(_) => state.close(),
            }
        }
        if state.is_complete {
            state.close();
        }
        Poll::Ready(!state.is_closed)
    }
}

impl Corked for Shared {
    fn uncork(&self) {
        let mut state = self.state.lock();
        state.corked = None;
        state.flush();
        let is_done = state.queue.is_empty();
        drop(state);
        if !is_done {
            self.changed.notify_one();
        }
    }
}

/// Feeds a child until its input ends or it stops reading.
#[derive(Debug)]
pub struct Feeding(Arc<Shared>);

impl Input {
    /// Starts to feed.
    pub fn feed(mut self, stdin: ChildStdin) -> Feeding {
        // Only a drop takes it away before.
        let shared = self.0.take().unwrap_or_default();
        shared.state.lock().stdin = Some(stdin);
        let fed = Arc::clone(&shared);
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    is_open = std::future::poll_fn(|context| fed.poll_feed(context)) => {
                        if !is_open {
                            return;
                        }
                        fed.changed.notified().await;
                    }
                    // Perhaps it has been closed, which nobody who waits for room in it hears of.
                    () = fed.changed.notified() => {}
                }
            }
        });
        Feeding(shared)
    }
}

/// Of a child that never started.
impl Drop for Input {
    fn drop(&mut self) {
        if let Some(shared) = self.0.take() {
            shared.state.lock().close();
        }
    }
}

impl Feeding {
    /// Closes the child's input.
    pub fn stop(&self) {
        self.0.state.lock().close();
        self.0.changed.notify_one();
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(all(test, unix))]
mod tests;
