//! This server's process trees, as the scanner needs them.

use super::reason::Reason;
use std::io;
use std::pin::Pin;
use std::time::Duration;

/// A tree of this server that runs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackedTree {
    /// The number in its tag.
    pub number: u64,
    /// The pid of its root, which is also its process group.
    pub root: u32,
    /// The time since its start.
    pub age: Duration,
    /// True until its own timeout has passed.
    pub within_deadline: bool,
    /// True if it is kept for more calls.
    pub pooled: bool,
}

/// Resolves when every process of a tree has exited, or with the reason why not.
pub type Termination<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// The owner of this server's trees.
pub trait Trees: Send + Sync {
    /// Returns the trees that run now. A tree is listed from before its start until its last process has exited.
    fn live(&self) -> Vec<TrackedTree>;
    /// Terminates a whole tree, so that its call is rejected. A tree that has exited already is no error.
    fn terminate(&self, tree: u64, reason: Reason) -> Termination<'_>;
    /// Notes that the scanner killed a process outside of these trees.
    fn note_killed(&self, pid: u32);
}
