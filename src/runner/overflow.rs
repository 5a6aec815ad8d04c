//! The bounds of what is read.

use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

/// The bytes of one read.
pub const CHUNK: usize = 64 * 1024;
/// The bytes that are still read from a stopped output. At least the size of a pipe, because the tree may have filled
/// it.
pub const REST: usize = 64 * 1024;

/// A signal that an output, or a line of an output, is longer than allowed.
#[derive(Debug, Default)]
pub struct Overflow {
    is_set: AtomicBool,
    notify: Notify,
}

impl Overflow {
    /// Waits for the signal, if it is not set already.
    pub async fn wait(&self) {
        while !self.is_set.load(Ordering::Acquire) {
            self.notify.notified().await;
        }
    }

    /// Sets the signal.
    pub fn set(&self) {
        self.is_set.store(true, Ordering::Release);
        self.notify.notify_one();
    }

    /// Returns whether the signal is set.
    pub fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Acquire)
    }
}
