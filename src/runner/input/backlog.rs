//! Counts what waits to be written.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Notify;

/// Counts the bytes of messages that wait to be written.
#[derive(Debug, Clone, Default)]
pub struct Backlog(Arc<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    bytes: AtomicUsize,
    shrunk: Notify,
}

/// A message's share of a backlog, given back when this is dropped.
#[derive(Debug)]
pub(super) struct Share {
    backlog: Backlog,
    bytes: usize,
}

impl Backlog {
    /// Returns how many bytes wait.
    pub fn bytes(&self) -> usize {
        self.0.bytes.load(Ordering::Acquire)
    }

    /// Adds a message of so many bytes.
    pub(super) fn add(&self, bytes: usize) -> Share {
        self.0.bytes.fetch_add(bytes, Ordering::AcqRel);
        Share { backlog: self.clone(), bytes }
    }

    /// Returns the signal that a message has been written or dropped.
    pub fn shrunk(&self) -> &Notify {
        &self.0.shrunk
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.backlog.0.bytes.fetch_sub(self.bytes, Ordering::AcqRel);
        self.backlog.0.shrunk.notify_one();
    }
}
