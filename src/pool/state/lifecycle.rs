//! The life of a member, as the driver and the leases report it: start, exit, termination.

use super::member::{KindId, Member, Phase};
use super::{Action, State, Ticket};
use crate::pool::reason::{Refusal, Retirement};
use std::hash::Hash;
use std::time::Instant;

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Marks a member as unfit for further use. It ends when all its leases are back.
    pub fn mark_unfit(&mut self, number: u64, now: Instant) {
        self.retire_early(number, Retirement::Unhealthy, now);
    }

    /// Gives a member no more leases, for this reason. It ends when all its leases are back.
    pub fn retire_early(&mut self, number: u64, reason: Retirement, now: Instant) {
        self.retire_member(number, reason);
        self.settle(now);
    }

    /// Notes that a user saw a member exit by itself. It is not leased again, and its remaining processes end.
    pub fn mark_exited(&mut self, number: u64, error: E, now: Instant) {
        let Some(member) =
            self.members.get(&number).filter(|member| member.phase == Phase::Ready && member.retiring.is_none())
        else {
            return;
        };
        self.note_exit(member.kind, member.ready_at, member.served, error, now);
        self.retire_member(number, Retirement::Exited);
        self.settle(now);
    }

    /// Notes that a start succeeded.
    pub fn started(&mut self, number: u64, now: Instant) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number).filter(|member| member.phase == Phase::Starting) else {
            return;
        };
        member.phase = Phase::Ready;
        (member.ready_at, member.idle_since, member.touched) = (now, now, touch);
        let key = member.key.clone();
        if let Some(kind) = self.kinds.get_mut(&member.kind) {
            kind.failures.started();
        }
        self.count(&key, |stats| stats.created += 1);
        self.settle(now);
    }

    /// Notes that a start failed, and refuses the waiters that it would have served.
    pub fn start_failed(&mut self, number: u64, error: &E, now: Instant) {
        let Some(member) = self.members.remove(&number) else { return };
        if member.retiring.is_none()
            && let Some(kind) = self.kinds.get_mut(&member.kind)
        {
            kind.failures.start_failed(error.clone(), now);
            let (share, kind_id) = (kind.rules.max_in_flight as usize, member.kind);
            let is_before = |(other, member): (&u64, &Member<K>)| *other < number && member.is_coming(kind_id);
            let before = self.members.iter().filter(|&entry| is_before(entry)).count();
            let refused: Vec<Ticket> =
                kind.waiters.iter().skip(before.saturating_mul(share)).take(share).copied().collect();
            for ticket in refused {
                self.refuse(ticket, Refusal::Start(error.clone()));
            }
            self.count(&member.key, |stats| stats.failed += 1);
        }
        self.settle(now);
    }

    /// Notes that a member exited by itself. Returns `false` for a member that is being terminated, because
    /// [`Self::terminated`] follows.
    pub fn exited(&mut self, number: u64, error: E, now: Instant) -> bool {
        if self.members.get(&number).is_none_or(|member| member.phase != Phase::Ready) {
            return false;
        }
        let Some(member) = self.members.remove(&number) else { return false };
        self.count(&member.key, |stats| stats.count(Retirement::Exited));
        // A user of the member may have reported the exit already.
        if member.retiring != Some(Retirement::Exited) {
            self.note_exit(member.kind, member.ready_at, member.served, error, now);
        }
        self.settle(now);
        true
    }

    /// Notes that every process of a terminated member has exited.
    pub fn terminated(&mut self, number: u64, now: Instant) {
        if self.members.get(&number).is_some_and(|member| member.phase == Phase::Ending) {
            self.members.remove(&number);
            self.settle(now);
        }
    }

    fn note_exit(&mut self, id: KindId, ready_at: Instant, has_served: bool, error: E, now: Instant) {
        let Some(kind) = self.kinds.get_mut(&id) else { return };
        if has_served {
            kind.failures.disproved(ready_at);
        } else {
            kind.failures.crashed(error, now);
        }
    }

    /// Gives a member no more work. The first reason stays.
    pub(super) fn retire_member(&mut self, number: u64, reason: Retirement) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let first = member.retiring.is_none();
        member.retiring.get_or_insert(reason);
        if first && member.phase == Phase::Starting {
            self.actions.push(Action::Abandon { number });
        }
    }

    /// Terminates a retiring member that is ready, busy or not.
    pub(super) fn terminate_member(&mut self, number: u64) {
        let Some(member) = self.members.get_mut(&number).filter(|member| member.phase == Phase::Ready) else { return };
        let Some(reason) = member.retiring else { return };
        member.phase = Phase::Ending;
        // A healthy member that has served shows that starts work, also if it is no longer needed.
        if member.served
            && !matches!(reason, Retirement::Unhealthy | Retirement::Exited)
            && let Some(kind) = self.kinds.get_mut(&member.kind)
        {
            kind.failures.disproved(member.ready_at);
        }
        let key = member.key.clone();
        self.count(&key, |stats| stats.count(reason));
        self.actions.push(Action::Terminate { number, reason });
    }
}
