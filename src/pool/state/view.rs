//! Reads the state without changing it.

use super::member::{Member, Phase};
use super::stats::{KeyView, MemberState, MemberView, Stats};
use super::{Kind, State};
use std::hash::Hash;
use std::time::Instant;

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Returns all members, in the order of their starts.
    pub fn members(&self, now: Instant) -> Vec<MemberView<K>> {
        let view = |(number, member): (&u64, &Member<K>)| MemberView {
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
        self.members.iter().map(view).collect()
    }

    /// Returns the number of waiters.
    pub fn queued(&self) -> usize {
        self.waiters.len()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Returns all defined keys, in the order of their definitions.
    pub fn keys(&self, now: Instant) -> Vec<KeyView<K>> {
        let view = |kind: &Kind<K, E>| KeyView {
            key: kind.key.clone(),
            waiting: kind.waiters.len(),
            retry_after: kind.failures.unavailable(now).map(|(left, _)| left),
            stats: self.stats_of(&kind.key),
        };
        self.kinds.values().map(view).collect()
    }

    /// Returns the counts of a key, also of a retired one.
    pub fn stats_of(&self, key: &K) -> Stats {
        self.stats_by_key.get(key).cloned().unwrap_or_default()
    }

    /// Returns whether a key is retired and its last member has ended, so that its counts stay as they are.
    pub fn has_ended(&self, key: &K) -> bool {
        !self.ids.contains_key(key) && self.members.values().all(|member| member.key != *key)
    }

    /// Forgets the counts of a key, and returns them.
    pub fn forget(&mut self, key: &K) -> Stats {
        self.stats_by_key.remove(key).unwrap_or_default()
    }

    /// Returns whether the pool has neither members nor waiters.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.waiters.is_empty()
    }

    /// Returns the instant at which [`State::tick`] is due, or an earlier one.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Finds the next instant at which a member's time is up, or a start may be tried again.
    pub(super) fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let lifetimes = self.members.iter().filter_map(|(number, member)| {
            let kind =
                self.kinds.get(&member.kind).filter(|_| member.phase == Phase::Ready && member.retiring.is_none())?;
            member.expires(*number, &kind.rules)
        });
        let idle = self.kinds.keys().filter_map(|id| Some(self.next_idle_end(*id)?.1));
        let retries = self.kinds.iter().filter_map(|(id, kind)| {
            let wanted = !kind.waiters.is_empty() || self.lacks_warm(*id);
            kind.failures.paused_until(now).filter(|_| wanted)
        });
        let warm = self.no_warm_before.filter(|_| self.kinds.keys().any(|id| self.lacks_warm(*id)));
        lifetimes.chain(idle).chain(retries).chain(warm).min()
    }
}
