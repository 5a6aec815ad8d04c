//! Looking at a pool without changing it.

use super::member::Phase;
use super::{Retirement, State};
use std::collections::BTreeMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// What a member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemberState {
    /// It cannot be lent yet.
    Starting,
    /// Nobody has it.
    Idle,
    /// Somebody has it.
    Busy,
    /// It is not lent any more and will soon be gone.
    Ending,
}

/// A member as the state knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look<K> {
    pub number: u64,
    pub key: K,
    pub state: MemberState,
    pub age: Duration,
    pub idle_for: Option<Duration>,
    pub uses: u64,
    pub in_flight: u32,
}

/// What has happened so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Starts that succeeded.
    pub created: u64,
    /// Starts that failed.
    pub failed: u64,
    /// Leases of a member that had been lent before.
    pub reused: u64,
    /// Leases of a member that had not.
    pub first: u64,
    /// Members that ended or are ending, by reason.
    pub retired: BTreeMap<Retirement, u64>,
}

impl Stats {
    /// Those of two pools.
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

    pub(super) fn count(&mut self, reason: Retirement) {
        *self.retired.entry(reason).or_default() += 1;
    }
}

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// All members, in the order of their starts.
    pub fn members(&self, now: Instant) -> Vec<Look<K>> {
        let look = |(number, member): (&u64, &super::Member<K>)| Look {
            number: *number,
            key: member.key.clone(),
            state: match member.phase {
                Phase::Starting => MemberState::Starting,
                Phase::Ready if member.in_flight > 0 => MemberState::Busy,
                Phase::Ready => MemberState::Idle,
                Phase::Ending => MemberState::Ending,
            },
            age: now.saturating_duration_since(member.since),
            idle_for: member.is_idle().then(|| now.saturating_duration_since(member.idle_since)),
            uses: member.uses,
            in_flight: member.in_flight,
        };
        self.members.iter().map(look).collect()
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.waiters.len()
    }

    /// What has happened so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// There are no members, and nobody waits for one.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.waiters.is_empty()
    }

    /// When something is to be done although nothing has happened, or earlier: by then [`State::tick`] is to be called.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// When somebody's time is up, or a start may be tried again.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let lifetimes = self.members.iter().filter_map(|(number, member)| {
            let kind =
                self.kinds.get(&member.kind).filter(|_| member.phase == Phase::Ready && member.retiring.is_none())?;
            member.expires(*number, &kind.rules)
        });
        let idle = self.kinds.keys().filter_map(|id| Some(self.idles_next(*id)?.1));
        let retries = self.kinds.iter().filter_map(|(id, kind)| {
            let wanted = !kind.waiters.is_empty() || self.lacks_warm(*id);
            kind.failures.pausing(now).filter(|_| wanted)
        });
        lifetimes.chain(idle).chain(retries).min()
    }
}
