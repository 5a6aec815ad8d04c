//! The client's state, for others.

use crate::fleet::script::Usage;
use std::time::Duration;

/// The place that decides about this process's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing yet: the first connection is being made.
    Connecting,
    /// Redis.
    Fleet,
    /// This process alone, because Redis is away.
    Local {
        /// The slots of this process.
        share: u32,
        /// The reason, for people.
        reason: String,
    },
    /// Nothing: Redis is away, and calls are refused.
    Unreachable {
        /// The reason, for people.
        reason: String,
    },
}

/// The state for status pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The place that decides.
    pub mode: Mode,
    /// The processes with a lease, as Redis said last; 0 before its first answer.
    pub processes: u32,
    /// The calls of this process that hold slots.
    pub held: usize,
    /// The calls of this process that wait.
    pub waiting: usize,
    /// The rest of the time after a loss of memory in which Redis grants nothing.
    pub grace_left: Duration,
    /// The use of the whole fleet, as Redis said last; `None` while Redis does not decide.
    pub usage: Option<Usage>,
}
