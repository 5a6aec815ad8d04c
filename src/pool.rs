//! Things that are costly to start and can be used again: who gets which, when another is started, and when one ends.
//!
//! `state` decides: it has no clock, no thread and no future. `handle` acts: it starts, ends and watches members through
//! a [`Factory`] and hands out leases.

mod handle;
mod lease;
mod state;
#[cfg(test)]
mod tests;

pub use handle::{Answer, Place, Pool};
pub use lease::Lease;
pub use state::{MemberState, Stats};

use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

/// Makes and ends a pool's members.
pub trait Factory: Send + Sync + 'static {
    /// What tells members apart that cannot stand in for each other.
    type Key: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// What is pooled; its leases share it.
    type Member: Send + Sync + 'static;
    /// Why a member could not be started, or ended by itself; one error is told to all who waited for it.
    type Error: Clone + Send + Sync + 'static;

    /// Starts a member. When it fails, nothing of it is left.
    fn start(
        &self,
        key: &Self::Key,
        number: u64,
    ) -> impl Future<Output = Result<Arc<Self::Member>, Self::Error>> + Send;

    /// Nobody waits for this start any more, so it may fail early. If it succeeds all the same, the member is ended.
    fn abandon(&self, _number: u64) {}

    /// Ends a member in an orderly way and returns when nothing of it is left.
    fn end(&self, member: Arc<Self::Member>, reason: Retirement) -> impl Future<Output = ()> + Send;

    /// Resolves when the member has ended by itself and nothing of it is left, with why. It is dropped when the member is
    /// ended by the pool.
    fn exited(&self, member: &Arc<Self::Member>) -> impl Future<Output = Self::Error> + Send + 'static;

    /// Resolves when the member is found unfit for further use though it lives: it is not lent any more, and ends when its
    /// leases are back.
    fn unfit(&self, _member: &Arc<Self::Member>) -> impl Future<Output = ()> + Send + 'static {
        std::future::pending()
    }

    /// The error of a start that panicked.
    fn panicked(&self, key: &Self::Key) -> Self::Error;
}

/// For the whole pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How many members may be alive, whatever they do: starting, idle, busy, ending.
    pub max_members: usize,
    /// How many of them may be starting.
    pub max_starting: usize,
}

/// For the members of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How many leases of one member there may be at a time.
    pub max_in_flight: u32,
    /// How many members there may be.
    pub instances: u32,
    /// Whether a member that retires makes room at once, and not only when it has ended: it is no process, or may run
    /// beside its successor.
    pub overlaps: bool,
    /// The use after which a member is ended.
    pub max_uses: Option<u64>,
    /// The age after which a member is ended, up to a tenth more so that not all are ended together.
    pub max_lifetime: Option<Duration>,
    /// How long a member may be idle; [`Duration::MAX`] for ever.
    pub idle_timeout: Duration,
    /// How many members are kept though nobody uses them, as far as there is room that nobody waits for.
    pub min_warm: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            max_in_flight: 1,
            instances: u32::MAX,
            overlaps: false,
            max_uses: None,
            max_lifetime: None,
            idle_timeout: Duration::from_secs(30),
            min_warm: 0,
        }
    }
}

/// Why a member ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Retirement {
    /// Nobody used it for so long.
    Idle,
    /// It was used as often as it may be.
    Uses,
    /// It is as old as it may become.
    Lifetime,
    /// Others needed the room.
    Evicted,
    /// Whoever used it found it unfit for further use.
    Unhealthy,
    /// It ended by itself.
    Exited,
    /// Its key was retired, or new rules leave no place for it.
    Changed,
    /// The pool is closing.
    Closed,
}

impl Retirement {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Uses => "uses",
            Self::Lifetime => "lifetime",
            Self::Evicted => "evicted",
            Self::Unhealthy => "unhealthy",
            Self::Exited => "exited",
            Self::Changed => "changed",
            Self::Closed => "closed",
        }
    }
}

/// Why there is no lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal<E> {
    /// The start that was waited for failed.
    Start(E),
    /// So many starts in a row failed that none is tried for a while.
    Unavailable {
        /// How long.
        retry_after: Duration,
        /// Why the latest failed.
        last: E,
    },
    /// The pool takes no more work.
    Closed,
    /// No such key.
    Unknown,
}

/// A look at a member.
pub struct MemberStatus<F: Factory> {
    /// Counts the pool's starts.
    pub number: u64,
    /// What it is.
    pub key: F::Key,
    /// Itself, once it has started.
    pub member: Option<Arc<F::Member>>,
    /// What it does.
    pub state: MemberState,
    /// Since its start was begun.
    pub age: Duration,
    /// Since it was last used, while it is idle.
    pub idle_for: Option<Duration>,
    /// How often it was lent.
    pub uses: u64,
    /// How many leases of it there are.
    pub in_flight: u32,
}
