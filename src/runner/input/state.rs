//! The bytes that wait for a child's standard input.

use super::chunk::Chunk;
use crate::process::tree::{ChildStdin, try_write};
use std::collections::VecDeque;
use std::io;

/// The size up to which posts are joined, in bytes: as much as a pipe takes at once.
const MAX_JOINED: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct State {
    /// Once the child has started.
    pub stdin: Option<ChildStdin>,
    pub queue: VecDeque<Chunk>,
    /// Nothing will be added any more.
    pub is_complete: bool,
    /// The child takes nothing any more.
    pub is_closed: bool,
    /// The bytes in the queue that are written when the cork is drawn.
    pub corked: Option<usize>,
}

impl State {
    /// Closes the child's input, and fails what was to be written to it.
    pub fn close(&mut self) {
        self.is_closed = true;
        self.stdin = None;
        self.queue.clear();
    }

    /// Counts a chunk among those that are joined, if it fits. Returns whether it is the first of them.
    pub fn join(&mut self, chunk: &Chunk) -> Option<bool> {
        let joined = self.corked.unwrap_or_default() + chunk.rest().len();
        // A large chunk is not joined, because it keeps the child busy anyway.
        let fits = self.stdin.is_some() && joined <= MAX_JOINED;
        fits.then(|| self.corked.replace(joined).is_none())
    }

    /// Writes as much of the queue as is possible at once.
    pub fn flush(&mut self) {
        let Some(stdin) = &self.stdin else { return };
        // For short lines one buffer costs less than a vectored write.
        let mut all = Vec::with_capacity(self.queue.iter().map(|chunk| chunk.rest().len()).sum());
        self.queue.iter().for_each(|chunk| all.extend_from_slice(chunk.rest()));
        let mut written = match try_write(stdin, &all) {
            Ok(written) => written,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => return,
            Err(_) => return self.close(),
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
