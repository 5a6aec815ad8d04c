//! A tree in the registry.

use super::end::EndRequest;
use std::time::{Duration, Instant, SystemTime};

/// Who a tree runs for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The MCP server, or what the caller calls it.
    pub server: Option<String>,
    /// The tool, likewise.
    pub tool: Option<String>,
    /// The part of the program that started it, to list and end its trees alone.
    pub owner: u32,
    /// It is kept for further use, and is no call.
    pub pooled: bool,
}

/// A tree that runs now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number, which its tag carries.
    pub tree: u64,
    /// The root's pid, once it has started.
    pub pid: Option<u32>,
    /// Who is above all of the tree until its end, likewise.
    pub topmost_pid: Option<u32>,
    /// The most processor time that it was seen to have used.
    pub cpu_time: Duration,
    /// It was killed, and is still there.
    pub stuck: bool,
    /// Who it runs for.
    pub label: Label,
    /// When it was started, by the wall clock and by the one that never jumps.
    pub started: (SystemTime, Instant),
    /// How long it may take; `None` when nobody said, [`Duration::MAX`] for ever.
    pub timeout: Option<Duration>,
    /// To end it.
    pub end: EndRequest,
}

impl Entry {
    /// A tree that is about to be started.
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

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.1.elapsed()
    }
}
