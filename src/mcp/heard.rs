//! What a server says besides its answers.

use super::tail::Tail;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is kept of it.
#[derive(Debug, Default)]
pub struct Heard {
    tail: Mutex<Tail>,
    garbage: AtomicU64,
}

impl Heard {
    /// Keeps a line of its standard error, or a log message.
    pub fn keep(&self, line: &[u8]) {
        self.tail.lock().push(line);
    }

    /// Keeps a line that should have been a message and was none.
    pub fn keep_garbage(&self, line: &[u8]) {
        self.garbage.fetch_add(1, Ordering::Relaxed);
        self.keep(line);
    }

    /// The last of it.
    pub fn last_words(&self) -> String {
        self.tail.lock().text()
    }

    /// How many lines were no messages.
    pub fn garbage(&self) -> u64 {
        self.garbage.load(Ordering::Relaxed)
    }
}
