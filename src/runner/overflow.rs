//! The bounds of what is read.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// How much is read at once.
pub const CHUNK: usize = 64 * 1024;
/// No less than a pipe holds: whatever the tree wrote before it was gone.
pub const REST: usize = 64 * 1024;

/// Happens when an output, or a line of a stream, is longer than it may be.
#[derive(Debug, Default)]
pub struct Overflow {
    is_set: AtomicBool,
    notify: Notify,
}

impl Overflow {
    /// Waits for it, if it has not happened already.
    pub async fn wait(&self) {
        while !self.is_set.load(Ordering::Acquire) {
            self.notify.notified().await;
        }
    }

    /// Has it happen.
    pub fn set(&self) {
        self.is_set.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Returns whether it has happened.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }
}
