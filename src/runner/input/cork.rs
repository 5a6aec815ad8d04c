//! Joins what one thread posts in one turn, so that a child is woken by one write.

use super::{Chunk, Shared, State};
use crate::process::tree::try_write;
use std::cell::RefCell;
use std::io;
use std::sync::Arc;

/// The size up to which posts are joined, in bytes: what a pipe takes at once.
const MAX_JOINED: usize = 64 * 1024;

thread_local! {
    /// The inputs that have something to write, while this thread joins posts.
    static CORKED: RefCell<Option<Vec<Arc<Shared>>>> = const { RefCell::new(None) };
}

/// Does some work on this thread, and then writes what the work has posted: to each child at once.
pub fn corked<T>(work: impl FnOnce() -> T) -> T {
    // A turn within a turn ends with the outer one.
    let is_outer = CORKED.with_borrow(Option::is_none);
    let _cork = is_outer.then(|| {
        CORKED.set(Some(Vec::new()));
        Cork
    });
    work()
}

/// Drawn when it is dropped, also while a panic unwinds.
struct Cork;

impl Drop for Cork {
    fn drop(&mut self) {
        for shared in CORKED.take().unwrap_or_default() {
            let mut state = shared.state.lock();
            state.corked = None;
            state.flush();
            let is_done = state.queue.is_empty();
            drop(state);
            if !is_done {
                shared.changed.notify_one();
            }
        }
    }
}

/// Returns whether a chunk is to wait for the cork to be drawn. Large ones do not: they keep the child busy anyway.
pub(super) fn hold(shared: &Arc<Shared>, state: &mut State, chunk: &Chunk) -> bool {
    CORKED.with_borrow_mut(|corked| {
        let Some(corked) = corked else { return false };
        let joined = state.corked.unwrap_or_default() + chunk.rest().len();
        if state.stdin.is_none() || joined > MAX_JOINED {
            return false;
        }
        if state.corked.replace(joined).is_none() {
            corked.push(Arc::clone(shared));
        }
        true
    })
}

impl State {
    /// Writes as much of the queue as is possible at once.
    fn flush(&mut self) {
        let Some(stdin) = &self.stdin else { return };
        // For short lines one buffer costs less than a vectored write.
        let mut all = Vec::with_capacity(self.queue.iter().map(|chunk| chunk.rest().len()).sum());
        self.queue.iter().for_each(|chunk| all.extend_from_slice(chunk.rest()));
        let mut written = match try_write(stdin, &all) {
            Ok(written) => written,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => return,
            Err(_) => return self.end(),
        };
        while written > 0
            && let Some(chunk) = self.queue.front_mut()
        {
            let part = written.min(chunk.rest().len());
            written -= part;
            if matches!(chunk.advance(Ok(part)), Ok(true)) {
                self.queue.pop_front().into_iter().for_each(Chunk::done);
            }
        }
    }
}
