//! Members that end, and starts that are withdrawn, to make room for processes outside of the pool.

use super::State;
use super::member::{KindId, Member};
use crate::pool::reason::Retirement;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The time after an eviction in which no member is started only to be kept warm.
pub const NO_WARM_STARTS: Duration = Duration::from_mins(1);

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Returns the idle members, and since when they are idle.
    pub fn idle(&self) -> impl Iterator<Item = (u64, Instant)> {
        let idle = self.members.iter().filter(|(_, member)| member.is_disposable() && member.retiring.is_none());
        idle.map(|(number, member)| (*number, member.idle_since))
    }

    /// Ends a member, if it is idle. Returns whether it was. For a while no member is started to be kept warm, because two
    /// servers could evict each other for ever.
    pub fn evict(&mut self, number: u64, now: Instant) -> bool {
        if !self.idle().any(|(idle, _)| idle == number) {
            return false;
        }
        self.no_warm_before = now.checked_add(NO_WARM_STARTS);
        self.retire_member(number, Retirement::Evicted);
        self.terminate_member(number);
        self.settle(now);
        true
    }

    /// Returns the latest starts of each key beyond those that waiters need or that are kept warm.
    pub fn surplus_starts(&self) -> Vec<u64> {
        self.kinds.keys().flat_map(|id| self.surplus_of(*id)).collect()
    }

    /// Notes that a start was withdrawn. It still reports its failure, which then counts for nothing.
    pub fn withdraw_start(&mut self, number: u64) {
        if let Some(member) = self.members.get_mut(&number) {
            member.retiring.get_or_insert(Retirement::Changed);
        }
    }

    fn surplus_of(&self, id: KindId) -> Vec<u64> {
        let Some(kind) = self.kinds.get(&id) else { return Vec::new() };
        let coming: Vec<u64> =
            self.of_kind(id).filter(|(_, member)| member.is_coming(id)).map(|(number, _)| number).collect();
        let for_waiters = kind.waiters.len().div_ceil(kind.rules.max_in_flight as usize);
        let ready = self.of_kind(id).filter(|(_, member)| is_ready(member)).count();
        let needed = for_waiters.max((kind.rules.min_warm as usize).saturating_sub(ready));
        coming.into_iter().skip(needed).collect()
    }
}

fn is_ready<K>(member: &Member<K>) -> bool {
    member.is_staying() && !member.is_coming(member.kind)
}
