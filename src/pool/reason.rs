//! The reasons why a member ends, and why a waiter gets no lease.

use std::time::Duration;

/// The reason why a member ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retirement {
    /// The member was idle for too long.
    Idle,
    /// The member has had all its uses.
    Uses,
    /// The member has reached its greatest age.
    Lifetime,
    /// A waiter for another key needed the capacity.
    Evicted,
    /// The member was found unfit for further use.
    Unhealthy,
    /// The member has more memory than its rules allow.
    Memory,
    /// The member exited by itself.
    Exited,
    /// The key was retired, or new rules allow fewer members.
    Changed,
    /// The pool shuts down.
    Closed,
}

impl Retirement {
    /// Returns the reason in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Uses => "uses",
            Self::Lifetime => "lifetime",
            Self::Evicted => "evicted",
            Self::Unhealthy => "unhealthy",
            Self::Memory => "memory",
            Self::Exited => "exited",
            Self::Changed => "changed",
            Self::Closed => "closed",
        }
    }
}

/// The reason why a waiter gets no lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal<E> {
    /// The start for this waiter failed.
    Start(E),
    /// Too many starts in a row failed, so that none is tried for a while.
    Unavailable {
        /// The time until the next start may be tried.
        retry_after: Duration,
        /// The reason why the latest start failed.
        last: E,
    },
    /// The waiter gives way to others rather than wait for the pause before the next start.
    Paused {
        /// The rest of the pause.
        left: Duration,
    },
    /// The pool shuts down.
    Closed,
    /// The key is not defined.
    Unknown,
}
