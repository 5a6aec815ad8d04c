//! A tree in the registry.

use super::end::EndRequest;
use std::time::{Duration, Instant, SystemTime};

/// The owner of a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The MCP server, or the caller's name for the command.
    pub server: Option<String>,
    /// The tool, or the caller's name for it.
    pub tool: Option<String>,
    /// The part of the program that started the tree, so that it can list and end its own trees.
    pub owner: u32,
    /// The tree belongs to a pool and is no call.
    pub pooled: bool,
}

/// A tree that runs now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The number, which the tree's tag carries.
    pub tree: u64,
    /// The root's pid, once the root has started.
    pub pid: Option<u32>,
    /// The pid of the process above the whole tree, once the tree has started.
    pub topmost_pid: Option<u32>,
    /// The greatest processor time seen so far.
    pub cpu_time: Duration,
    /// The tree was killed and has not exited.
    pub stuck: bool,
    /// The owner.
    pub label: Label,
    /// The start, by the wall clock and by the monotonic clock.
    pub started: (SystemTime, Instant),
    /// The timeout: `None` if the caller gave none, [`Duration::MAX`] for no limit.
    pub timeout: Option<Duration>,
    /// Requests the end of the tree.
    pub end: EndRequest,
}

impl Entry {
    /// Makes an entry for a tree that is about to start.
    pub fn new(tree: u64, label: Label, timeout: Option<Duration>, end: EndRequest) -> Self {
        let started = (SystemTime::now(), Instant::now());
        Self {
            tree,
            pid: None,
            topmost_pid: None,
            cpu_time: Duration::ZERO,
            stuck: false,
            label,
            started,
            timeout,
            end,
        }
    }

    /// Returns the time since the start.
    pub fn age(&self) -> Duration {
        self.started.1.elapsed()
    }
}
