//! A child's standard input.
//!
//! A caller writes at once on its own thread, as long as the child keeps up. The runtime feeds the bytes that do not
//! fit into the pipe.

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

/// The writing end. The child's input ends when the last clone is dropped and all bytes are written.
#[derive(Debug, Clone)]
pub struct InputSender(Arc<Sender>);

/// The end that feeds the child.
#[derive(Debug)]
pub struct Input(Option<Arc<Shared>>);

/// Makes an input for a child that may not have started yet.
pub fn input() -> (InputSender, Input) {
    let shared = Arc::<Shared>::default();
    (InputSender(Arc::new(Sender(Arc::clone(&shared)))), Input(Some(shared)))
}

#[derive(Debug)]
struct Sender(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when there is work for the feeding task.
    changed: Notify,
}

impl InputSender {
    /// Writes bytes. The receiver is notified when they are in the pipe, and fails when no process reads the pipe any
    /// more.
    pub fn write(&self, bytes: Vec<u8>) -> oneshot::Receiver<()> {
        let (written, receiver) = oneshot::channel();
        // A refused chunk drops its `written`, which makes the receiver fail.
        self.0.0.push(Chunk { bytes, written: Some(written), ..Chunk::default() });
        receiver
    }

    /// Writes bytes. `sent` becomes true as soon as the child may have seen some of them. Nothing tells whether the
    /// child reads them.
    pub fn post(&self, bytes: Vec<u8>, sent: Sent) {
        self.0.0.push(Chunk { bytes, sent, ..Chunk::default() });
    }

    /// Writes bytes that count towards a backlog until they are in the pipe.
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

    /// Writes the queue. Returns whether more bytes may come.
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
        // Only a drop takes the state earlier.
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
                    // The input may have been closed, which does not wake a task that waits for space in the pipe.
                    () = fed.changed.notified() => {}
                }
            }
        });
        Feeding(shared)
    }
}

/// Runs for a child that never started.
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
