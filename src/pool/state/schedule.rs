//! After every event: what is due ends, waiters are served in the order of their arrival, and members are started.
//!
//! A waiter gets a member of its key with room. If there is none and another may be started, it claims room for it: what
//! is free, else what an ending member will leave, else that of the least recently used idle member, else that of the
//! busy member which will soonest be free. The last is reserved: whoever came later does not get it, or members that
//! many share would never be free. So the earliest claim is met after the calls of one member at the latest.

use super::member::{Member, Phase};
use super::{Action, KindId, Refusal, Retirement, State, Ticket};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hash::Hash;
use std::time::Instant;

/// What there is to be had in one pass through the waiters.
struct Supply {
    /// Starts that may be begun.
    starts: usize,
    /// Members that may be added.
    free: usize,
    /// Members that will soon be gone.
    ending: usize,
    /// Starts that will be in vain, however long they take.
    abandoned: usize,
}

/// What became of a claim.
#[derive(PartialEq, Eq)]
enum Claim {
    /// The start has begun.
    Met,
    /// There will be room.
    Waits,
}

/// A key's next waiter in one pass: the one behind those that starts and claims already serve.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Turn {
    ticket: Ticket,
    kind: KindId,
    served: usize,
    claims: usize,
}

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Brings everything in order after an event by which only those who wait could gain, or that time has passed: most calls
    /// find nobody waiting and nothing due.
    pub(super) fn settle_unless_quiet(&mut self, now: Instant) {
        let is_quiet = self.waiters.is_empty() && !self.draining && self.due.is_none_or(|due| due > now);
        if !is_quiet {
            self.settle(now);
        }
    }

    /// Brings everything in order.
    pub(super) fn settle(&mut self, now: Instant) {
        self.retire_due(now);
        let mut supply = self.serve(now);
        if self.draining {
            self.retire_idle();
        } else {
            self.end_idle(now);
            self.keep_warm(&mut supply, now);
        }
        self.due = self.next_deadline(now);
    }

    /// Members that retire end when nobody has them; those whose time or uses are up retire.
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
                self.end_member(number);
            }
        }
    }

    /// One pass through the waiters; returns what is left over.
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
        let first = |(id, kind): (&KindId, &super::Kind<K, E>)| {
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

    /// Serves a waiter; `None` when nothing can be done for it and those of its key behind it.
    fn take_turn(&mut self, turn: &Turn, supply: &mut Supply, now: Instant) -> Option<(usize, usize)> {
        let kind = self.kinds.get(&turn.kind)?;
        let share = kind.rules.max_in_flight as usize;
        if turn.served == 0 {
            if let Some(number) = self.with_room(turn.kind) {
                self.grant(turn.ticket, number);
                return Some((0, 0));
            }
            if let Some((retry_after, last)) = kind.failures.open(now)
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

    /// The member with room that is lent next: the one with the fewest leases, so that they share the work, and among
    /// equals the one used last, so that the others become idle.
    pub(super) fn with_room(&self, id: KindId) -> Option<u64> {
        let rules = &self.kinds.get(&id)?.rules;
        let open =
            self.of_kind(id).filter(|(number, member)| member.has_room(rules) && !self.reserved.contains(number));
        open.min_by_key(|(_, member)| (member.in_flight, Reverse(member.touched))).map(|(number, _)| number)
    }

    fn grant(&mut self, ticket: Ticket, number: u64) {
        self.forget_waiter(ticket);
        self.lend(number);
        self.actions.push(Action::Grant { ticket, number });
    }

    /// Whether the key may have one more member, besides those that are claimed for it already.
    fn may_start(&self, id: KindId, claims: usize, now: Instant) -> bool {
        let Some(kind) = self.kinds.get(&id) else { return false };
        let counts = |member: &Member<K>| !kind.rules.overlaps || member.is_staying();
        let alive = self.of_kind(id).filter(|(_, member)| counts(member)).count() + claims;
        let trying = claims > 0 || self.of_kind(id).any(|(_, member)| member.is_coming(id));
        alive < kind.rules.instances as usize
            && kind.failures.pausing(now).is_none()
            && !(kind.failures.on_trial() && trying)
    }

    /// Takes room for one more member; `None` when there is none to wait for.
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
                    self.end_member(number);
                }
                _ if supply.abandoned > 0 => supply.abandoned -= 1,
                Some(number) => _ = self.reserved.insert(number),
                None => return None,
            }
        }
        supply.starts -= 1;
        Some(Claim::Waits)
    }

    /// The member of another key that is missed least: the least recently used idle one, or else the busy one that will be
    /// free first, as far as can be told.
    fn victim(&self, id: KindId) -> Option<u64> {
        let others = self.members.iter().filter(|(number, member)| {
            member.kind != id && member.phase == Phase::Ready && !self.reserved.contains(number)
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

    fn retire_idle(&mut self) {
        let idle: Vec<u64> =
            self.members.iter().filter(|(_, member)| member.is_idle()).map(|(number, _)| *number).collect();
        for number in idle {
            self.retire_member(number, Retirement::Closed);
            self.end_member(number);
        }
    }

    /// Ends members that have been idle for too long, down to those that are kept warm.
    fn end_idle(&mut self, now: Instant) {
        let ids: Vec<KindId> = self.kinds.keys().copied().collect();
        for id in ids {
            while let Some((number, _)) = self.idles_next(id).filter(|(_, at)| *at <= now) {
                self.retire_member(number, Retirement::Idle);
                self.end_member(number);
            }
        }
    }

    /// The key's member that will be ended next for being idle, and when.
    pub(super) fn idles_next(&self, id: KindId) -> Option<(u64, Instant)> {
        let rules = &self.kinds.get(&id)?.rules;
        if self.staying(id) <= rules.min_warm as usize {
            return None;
        }
        let (number, member) =
            self.of_kind(id).filter(|(_, member)| member.is_idle()).min_by_key(|(_, it)| it.touched)?;
        Some((number, member.idle_since.checked_add(rules.idle_timeout)?))
    }

    /// Starts what is to be kept warm, in room that nobody has claimed.
    fn keep_warm(&mut self, supply: &mut Supply, now: Instant) {
        let ids: Vec<KindId> = self.kinds.keys().copied().collect();
        for id in ids {
            while supply.free > 0 && supply.starts > 0 && self.lacks_warm(id) && self.may_start(id, 0, now) {
                supply.free -= 1;
                supply.starts -= 1;
                self.start(id, now);
            }
        }
    }

    /// Whether fewer members are there than are to be kept warm.
    pub(super) fn lacks_warm(&self, id: KindId) -> bool {
        let Some(kind) = self.kinds.get(&id).filter(|_| !self.draining) else { return false };
        self.staying(id) < kind.rules.min_warm.min(kind.rules.instances) as usize
    }

    /// Members beyond what new rules allow retire, the least recently used first.
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
