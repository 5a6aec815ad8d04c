//! Views of members, and counts.

use crate::pool::reason::Retirement;
use std::collections::BTreeMap;
use std::time::Duration;

/// The state of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// The member cannot be leased yet.
    Starting,
    /// The member has no lease.
    Idle,
    /// The member has a lease.
    Busy,
    /// The member is being terminated.
    Ending,
}

/// A member as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberView<K> {
    pub number: u64,
    pub key: K,
    pub state: MemberState,
    pub age: Duration,
    pub idle_for: Option<Duration>,
    pub uses: u64,
    pub in_flight: u32,
}

/// A key as seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyView<K> {
    /// The key.
    pub key: K,
    /// The number of waiters.
    pub waiting: usize,
    /// The time until the next start may be tried, after too many failures.
    pub retry_after: Option<Duration>,
    /// The counts so far.
    pub stats: Stats,
}

/// The counts of a pool so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// The starts that succeeded.
    pub created: u64,
    /// The starts that failed.
    pub failed: u64,
    /// The leases of a member that had been leased before.
    pub reused: u64,
    /// The leases of a member that had not been leased before.
    pub first: u64,
    /// The members that have ended or are ending, by reason.
    pub retired: BTreeMap<Retirement, u64>,
}

impl Stats {
    /// Adds the counts of another pool.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        self.created += other.created;
        self.failed += other.failed;
        self.reused += other.reused;
        self.first += other.first;
        for (reason, count) in &other.retired {
            *self.retired.entry(*reason).or_default() += count;
        }
        self
    }

    /// Counts a member that ends.
    pub fn count(&mut self, reason: Retirement) {
        *self.retired.entry(reason).or_default() += 1;
    }
}
