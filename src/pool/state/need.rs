//! The question whether a waiter that is on its way needs a start.

use super::State;
use super::member::{Member, Phase};
use crate::pool::rules::Rules;
use std::hash::Hash;

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Returns whether one more waiter for a key could make the pool start a member.
    ///
    /// `ahead` waiters come before it, `reserved` starts are admitted that have not begun, and `is_pending` are the starts that
    /// wait for their admission. Those count for nothing, because nothing tells when they begin.
    pub fn needs_start(&self, key: &K, ahead: usize, reserved: usize, is_pending: impl Fn(u64) -> bool) -> bool {
        let Some((id, kind)) = self.ids.get(key).and_then(|id| Some((*id, self.kinds.get(id)?))) else { return false };
        let serving = self.of_kind(id).filter(|(number, member)| member.is_staying() && !is_pending(*number));
        let (count, open) = serving.fold((0, 0_usize), |(count, open), (_, member)| {
            (count + 1, open.saturating_add(free(member, &kind.rules)))
        });
        let started = reserved.saturating_mul(kind.rules.max_in_flight as usize);
        let waiters = kind.waiters.len().saturating_add(ahead).saturating_add(1);
        waiters > open.saturating_add(started) && reserved.saturating_add(count) < kind.rules.instances as usize
    }
}

/// Returns how many more leases a member can give out at once.
fn free<K>(member: &Member<K>, rules: &Rules) -> usize {
    let unspent = rules.max_uses.map_or(u64::MAX, |most| most.saturating_sub(member.uses));
    let free = rules.max_in_flight.saturating_sub(if member.phase == Phase::Ready { member.in_flight } else { 0 });
    usize::try_from(unspent.min(u64::from(free))).unwrap_or(usize::MAX)
}
