//! The work after every event: members that are due end, waiters are served in order, and members are started.
//!
//! A waiter gets an available member of its key. If none is available and another may be started, the waiter claims
//! capacity for the start, from the first of these that there is:
//! 1. free capacity of the pool
//! 2. an ending member
//! 3. the least recently used idle member, which is evicted
//! 4. the busy member that will be free first, which is reserved
//!
//! Later waiters do not get a reserved member, because a member with many users would never be free. So the earliest
//! claim is met after the calls of one member at the latest.

use super::member::{KindId, Member, Phase};
use super::{Action, Kind, State, Ticket};
use crate::pool::reason::{Refusal, Retirement};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;
use std::time::Instant;

/// The supply for one pass through the waiters.
struct Supply {
    /// The starts that may be begun.
    starts: usize,
    /// The members that may be added.
    free: usize,
    /// The members that are being terminated.
    ending: usize,
    /// The starts that were abandoned.
    abandoned: usize,
}

/// The outcome of a claim.
#[derive(PartialEq, Eq)]
enum Claim {
    /// The start has begun.
    Met,
    /// The start has to wait for capacity.
    Waits,
}

/// A key's next waiter in one pass, behind the waiters that starts and claims already serve.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    ticket: Ticket,
    kind: KindId,
    served: usize,
    claims: usize,
}

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Settles after an event that matters only to waiters and deadlines. Most calls find neither, and return at once.
    pub(super) fn settle_unless_quiet(&mut self, now: Instant) {
        let is_quiet = self.waiters.is_empty() && !self.draining && self.due.is_none_or(|due| due > now);
        if !is_quiet {
            self.settle(now);
        }
    }

    /// Executes what is due, serves the waiters, and starts members.
    pub(super) fn settle(&mut self, now: Instant) {
        self.retire_due(now);
        self.refuse_yielding(now);
        let mut supply = self.serve(now);
        if self.draining {
            self.terminate_idle();
        } else {
            self.terminate_long_idle(now);
            self.keep_warm(&mut supply, now);
        }
        self.due = self.next_deadline(now);
    }

    /// Retires members with a lifetime or uses that are up, and terminates retiring members that are idle.
    fn retire_due(&mut self, now: Instant) {
        let numbers: Vec<u64> = self.members.keys().copied().collect();
        for number in numbers {
            let Some(member) = self.members.get(&number).filter(|member| member.phase == Phase::Ready) else {
                continue;
            };
            if let Some(kind) = self.kinds.get(&member.kind) {
                if member.expires(number, &kind.rules).is_some_and(|at| at <= now) {
                    self.retire_member(number, Retirement::Lifetime);
                } else if member.is_idle() && kind.rules.max_uses.is_some_and(|most| member.uses >= most) {
                    self.retire_member(number, Retirement::Uses);
                }
            }
            if self.members.get(&number).is_some_and(Member::is_idle) {
                self.terminate_member(number);
            }
        }
    }

    /// Refuses the waiters that give way, where a pause between starts is all that they could wait for.
    fn refuse_yielding(&mut self, now: Instant) {
        let paused = self.kinds.iter().filter_map(|(id, kind)| {
            let until = kind.failures.paused_until(now).filter(|_| !kind.yielding.is_empty())?;
            // After too many failures all waiters are refused, with the last one.
            let only_pauses = !kind.failures.on_trial() && self.staying(*id) == 0;
            only_pauses.then(|| (until - now, kind.yielding.clone()))
        });
        for (left, yielding) in paused.collect::<Vec<_>>() {
            for ticket in yielding {
                self.refuse(ticket, Refusal::Paused { left });
            }
        }
    }

    /// Serves the waiters in one pass. Returns the rest of the supply.
    fn serve(&mut self, now: Instant) -> Supply {
        self.reserved.clear();
        let count = |is: fn(&Member<K>) -> bool| self.members.values().filter(|member| is(member)).count();
        let starting = count(|member| member.phase == Phase::Starting);
        let mut supply = Supply {
            starts: self.limits.max_starting.saturating_sub(starting),
            free: self.limits.max_members.saturating_sub(self.members.len()),
            ending: count(|member| member.phase == Phase::Ending),
            abandoned: count(|member| member.phase == Phase::Starting && member.retiring.is_some()),
        };
        let first = |(id, kind): (&KindId, &Kind<K, E>)| {
            kind.waiters.first().map(|ticket| Reverse(Turn { ticket: *ticket, kind: *id, served: 0, claims: 0 }))
        };
        let mut turns: BinaryHeap<Reverse<Turn>> = self.kinds.iter().filter_map(first).collect();
        while let Some(Reverse(turn)) = turns.pop() {
            let Some((served, claims)) = self.take_turn(&turn, &mut supply, now) else { continue };
            let Some(kind) = self.kinds.get(&turn.kind).filter(|kind| served < kind.waiters.len()) else { continue };
            let next = kind.waiters.iter().nth(served);
            turns.extend(next.map(|&ticket| Reverse(Turn { ticket, kind: turn.kind, served, claims })));
        }
        supply
    }

    /// Serves a waiter. Returns `None` when nothing can be done for the waiter and those of the same key behind it.
    fn take_turn(&mut self, turn: &Turn, supply: &mut Supply, now: Instant) -> Option<(usize, usize)> {
        let kind = self.kinds.get(&turn.kind)?;
        let share = kind.rules.max_in_flight as usize;
        if turn.served == 0 {
            if let Some(number) = self.available(turn.kind) {
                self.grant(turn.ticket, number);
                return Some((0, 0));
            }
            if let Some((retry_after, last)) = kind.failures.unavailable(now)
                && !self.of_kind(turn.kind).any(|(_, member)| member.is_staying())
            {
                self.refuse(turn.ticket, Refusal::Unavailable { retry_after, last });
                return Some((0, 0));
            }
            let coming = self.of_kind(turn.kind).filter(|(_, member)| member.is_coming(turn.kind)).count();
            if coming > 0 {
                return Some((share.saturating_mul(coming), 0));
            }
        }
        if supply.starts == 0 || !self.may_start(turn.kind, turn.claims, now) {
            return None;
        }
        let waits = usize::from(self.claim(turn.kind, supply, now)? == Claim::Waits);
        Some((turn.served.saturating_add(share), turn.claims + waits))
    }

    /// Finds the available member that is leased next. Members with fewer leases come first, so that they share the work.
    /// Among equals the member used last comes first, so that the others become idle.
    pub(super) fn available(&self, id: KindId) -> Option<u64> {
        let rules = &self.kinds.get(&id)?.rules;
        let open =
            self.of_kind(id).filter(|(number, member)| member.is_available(rules) && !self.reserved.contains(number));
        open.min_by_key(|(_, member)| (member.in_flight, Reverse(member.touched))).map(|(number, _)| number)
    }

    fn grant(&mut self, ticket: Ticket, number: u64) {
        self.forget_waiter(ticket);
        self.lease(number);
        self.actions.push(Action::Grant { ticket, number });
    }

    /// Returns whether the key may have one more member, besides the claims for it.
    fn may_start(&self, id: KindId, claims: usize, now: Instant) -> bool {
        let Some(kind) = self.kinds.get(&id) else { return false };
        let counts = |member: &Member<K>| !kind.rules.overlaps || member.is_staying();
        let alive = self.of_kind(id).filter(|(_, member)| counts(member)).count() + claims;
        let trying = claims > 0 || self.of_kind(id).any(|(_, member)| member.is_coming(id));
        alive < kind.rules.instances as usize
            && kind.failures.paused_until(now).is_none()
            && !(kind.failures.on_trial() && trying)
    }

    /// Claims capacity for one more member. Returns `None` when no capacity can be waited for.
    fn claim(&mut self, id: KindId, supply: &mut Supply, now: Instant) -> Option<Claim> {
        if supply.free > 0 {
            supply.free -= 1;
            supply.starts -= 1;
            self.start(id, now);
            return Some(Claim::Met);
        }
        if supply.ending > 0 {
            supply.ending -= 1;
        } else {
            match self.victim(id) {
                Some(number) if self.members.get(&number).is_some_and(Member::is_idle) => {
                    self.retire_member(number, Retirement::Evicted);
                    self.terminate_member(number);
                }
                _ if supply.abandoned > 0 => supply.abandoned -= 1,
                Some(number) => _ = self.reserved.insert(number),
                None => return None,
            }
        }
        supply.starts -= 1;
        Some(Claim::Waits)
    }

    /// Finds the member of another key to give up: the least recently used idle member, or else the busy member with the
    /// fewest leases.
    fn victim(&self, id: KindId) -> Option<u64> {
        let others = self.members.iter().filter(|(number, member)| {
            member.kind != id && member.phase == Phase::Ready && member.holds == 0 && !self.reserved.contains(number)
        });
        let cost = |member: &Member<K>| match member.in_flight {
            0 => (0, true, member.touched),
            leases => (leases, member.retiring.is_none(), 0),
        };
        others.min_by_key(|(number, member)| (cost(member), **number)).map(|(number, _)| *number)
    }

    fn start(&mut self, id: KindId, now: Instant) {
        let Some(key) = self.kinds.get(&id).map(|kind| kind.key.clone()) else { return };
        self.last_number += 1;
        let number = self.last_number;
        self.members.insert(number, Member::new(key.clone(), id, now));
        self.actions.push(Action::Start { number, key });
    }

    fn terminate_idle(&mut self) {
        let idle: Vec<u64> =
            self.members.iter().filter(|(_, member)| member.is_idle()).map(|(number, _)| *number).collect();
        for number in idle {
            self.retire_member(number, Retirement::Closed);
            self.terminate_member(number);
        }
    }

    /// Terminates members that have been idle for too long, down to the number that is kept warm.
    fn terminate_long_idle(&mut self, now: Instant) {
        let ids: Vec<KindId> = self.kinds.keys().copied().collect();
        for id in ids {
            while let Some((number, _)) = self.next_idle_end(id).filter(|(_, at)| *at <= now) {
                self.retire_member(number, Retirement::Idle);
                self.terminate_member(number);
            }
        }
    }

    /// Finds the key's member that will be terminated next for being idle, and the instant.
    pub(super) fn next_idle_end(&self, id: KindId) -> Option<(u64, Instant)> {
        let rules = &self.kinds.get(&id)?.rules;
        if self.staying(id) <= rules.min_warm as usize {
            return None;
        }
        let (number, member) =
            self.of_kind(id).filter(|(_, member)| member.is_disposable()).min_by_key(|(_, member)| member.touched)?;
        Some((number, member.idle_since.checked_add(rules.idle_timeout)?))
    }

    /// Starts the members that are kept warm, in capacity that no waiter has claimed.
    fn keep_warm(&mut self, supply: &mut Supply, now: Instant) {
        self.no_warm_before.take_if(|time| *time <= now);
        if self.no_warm_before.is_some() {
            return;
        }
        let ids: Vec<KindId> = self.kinds.keys().copied().collect();
        for id in ids {
            while supply.free > 0 && supply.starts > 0 && self.lacks_warm(id) && self.may_start(id, 0, now) {
                supply.free -= 1;
                supply.starts -= 1;
                self.start(id, now);
            }
        }
    }

    /// Returns whether the key has fewer members than are kept warm.
    pub(super) fn lacks_warm(&self, id: KindId) -> bool {
        let Some(kind) = self.kinds.get(&id).filter(|_| !self.draining) else { return false };
        self.staying(id) < kind.rules.min_warm.min(kind.rules.instances) as usize
    }

    /// Retires members above what new rules allow, the least recently used first.
    pub(super) fn retire_excess(&mut self, id: KindId) {
        let Some(most) = self.kinds.get(&id).map(|kind| kind.rules.instances as usize) else { return };
        while self.staying(id) > most {
            let staying = self.of_kind(id).filter(|(_, member)| member.is_staying());
            let Some((number, _)) = staying.min_by_key(|(number, member)| (member.in_flight, member.touched, *number))
            else {
                return;
            };
            self.retire_member(number, Retirement::Changed);
        }
    }

    fn staying(&self, id: KindId) -> usize {
        self.of_kind(id).filter(|(_, member)| member.is_staying()).count()
    }
}
