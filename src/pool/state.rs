//! Who gets which member: the decisions. Every event is told with the time, and leaves behind what is to be done.

mod failures;
mod look;
mod member;
#[cfg(test)]
mod random_test;
mod schedule;
#[cfg(test)]
mod tests;

pub use look::{Look, MemberState, Stats};

use super::{Limits, Refusal, Retirement, Rules};
use failures::Failures;
use member::{Member, Phase};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Names a waiter; tickets rise in the order of arrival.
pub type Ticket = u64;

/// Names a definition of a key, so that a key that was retired and defined again is another.
type KindId = u64;

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<K, E> {
    /// Start a member, and say how that went: [`State::started`], [`State::start_failed`].
    Start { number: u64, key: K },
    /// A start that is under way is of no use any more; it is still waited for.
    Abandon { number: u64 },
    /// End a member, and say when it is gone: [`State::ended`].
    End { number: u64, reason: Retirement },
    /// A waiter gets a lease of a member.
    Grant { ticket: Ticket, number: u64 },
    /// A waiter gets none.
    Refuse { ticket: Ticket, refusal: Refusal<E> },
}

/// How a lease comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// It never reached whoever waited for it, and does not count.
    Unused,
    /// After a use.
    Used,
}

/// All members of a pool, and all who wait for one.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct State<K, E> {
    limits: Limits,
    ids: HashMap<K, KindId>,
    kinds: BTreeMap<KindId, Kind<K, E>>,
    members: BTreeMap<u64, Member<K>>,
    waiters: BTreeMap<Ticket, KindId>,
    /// Busy members whose room somebody waits for: whoever came later does not get them.
    reserved: BTreeSet<u64>,
    actions: Vec<Action<K, E>>,
    /// When something is due although nothing has happened, or earlier.
    due: Option<Instant>,
    stats: Stats,
    draining: bool,
    last_ticket: Ticket,
    last_number: u64,
    last_kind: KindId,
    last_touch: u64,
}

/// A key, as it is defined now.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Kind<K, E> {
    key: K,
    rules: Rules,
    waiters: BTreeSet<Ticket>,
    failures: Failures<E>,
}

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// An empty pool.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits: Limits { max_members: limits.max_members.max(1), max_starting: limits.max_starting.max(1) },
            ids: HashMap::new(),
            kinds: BTreeMap::new(),
            members: BTreeMap::new(),
            waiters: BTreeMap::new(),
            reserved: BTreeSet::new(),
            actions: Vec::new(),
            due: None,
            stats: Stats::default(),
            draining: false,
            last_ticket: 0,
            last_number: 0,
            last_kind: 0,
            last_touch: 0,
        }
    }

    /// What is to be done since this was last asked.
    pub fn take_actions(&mut self) -> Vec<Action<K, E>> {
        std::mem::take(&mut self.actions)
    }

    /// Adds a key or changes its rules. Of everything there is at least one.
    pub fn define(&mut self, key: K, rules: Rules, now: Instant) {
        let rules = Rules {
            max_in_flight: rules.max_in_flight.max(1),
            instances: rules.instances.max(1),
            max_uses: rules.max_uses.map(|most| most.max(1)),
            ..rules
        };
        let next = self.last_kind + 1;
        let id = *self.ids.entry(key.clone()).or_insert(next);
        self.last_kind = self.last_kind.max(id);
        let kind = Kind { key, rules, waiters: BTreeSet::new(), failures: Failures::default() };
        self.kinds.entry(id).or_insert(kind).rules = rules;
        self.retire_excess(id);
        self.settle(now);
    }

    /// Forgets a key: its members end as soon as nobody uses them.
    pub fn retire(&mut self, key: &K, now: Instant) {
        let Some(id) = self.ids.remove(key) else { return };
        let waiters = self.kinds.remove(&id).map(|kind| kind.waiters).unwrap_or_default();
        for ticket in waiters {
            self.waiters.remove(&ticket);
            self.actions.push(Action::Refuse { ticket, refusal: Refusal::Unknown });
        }
        let numbers: Vec<u64> = self.of_kind(id).map(|(number, _)| number).collect();
        for number in numbers {
            self.retire_member(number, Retirement::Changed);
        }
        self.settle(now);
    }

    /// A lease of a member that is ready, unless somebody waits who could use it.
    pub fn try_checkout(&mut self, key: &K, now: Instant) -> Option<u64> {
        let id = *self.ids.get(key).filter(|_| !self.draining)?;
        // What is due is ended before it could be lent.
        self.settle_unless_quiet(now);
        let idle_queue = self.kinds.get(&id).is_some_and(|kind| kind.waiters.is_empty());
        let number = self.with_room(id).filter(|_| idle_queue)?;
        self.lend(number);
        self.settle_unless_quiet(now);
        Some(number)
    }

    /// Joins the queue; the actions tell when, and whether, there is a lease.
    pub fn checkout(&mut self, key: &K, now: Instant) -> Ticket {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let id = self.ids.get(key).copied();
        match id.and_then(|id| Some((id, self.kinds.get_mut(&id)?))) {
            _ if self.draining => self.actions.push(Action::Refuse { ticket, refusal: Refusal::Closed }),
            None => self.actions.push(Action::Refuse { ticket, refusal: Refusal::Unknown }),
            Some((id, kind)) => {
                kind.waiters.insert(ticket);
                self.waiters.insert(ticket, id);
                self.settle(now);
            }
        }
        ticket
    }

    /// A waiter leaves the queue; nothing happens when it is no longer there.
    pub fn cancel(&mut self, ticket: Ticket, now: Instant) {
        if self.forget_waiter(ticket) {
            self.settle(now);
        }
    }

    /// A lease comes back. That of a member which is gone changes nothing.
    pub fn give_back(&mut self, number: u64, how: Return, now: Instant) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number) else { return };
        member.in_flight = member.in_flight.saturating_sub(1);
        member.idle_since = now;
        member.touched = touch;
        let kind = self.kinds.get_mut(&member.kind);
        let had_failures = kind.as_ref().is_none_or(|kind| kind.failures.are_any());
        match how {
            Return::Unused => member.uses = member.uses.saturating_sub(1),
            Return::Used if matches!(member.retiring, Some(Retirement::Unhealthy | Retirement::Exited)) => {}
            Return::Used => {
                member.served = true;
                if let Some(kind) = kind {
                    kind.failures.disproved(member.ready_at);
                }
            }
        }
        match self.kinds.get(&member.kind) {
            // It can be lent again, and all that its coming back may change is when it will have been idle for too long.
            Some(kind) if !had_failures && (member.in_flight > 0 || member.has_room(&kind.rules)) => {
                let idles = now.checked_add(kind.rules.idle_timeout);
                self.due = self.due.into_iter().chain(idles).min();
                self.settle_unless_quiet(now);
            }
            _ => self.settle(now),
        }
    }

    /// A member is not fit for further use: it ends when all its leases are back.
    pub fn spoil(&mut self, number: u64, now: Instant) {
        self.retire_member(number, Retirement::Unhealthy);
        self.settle(now);
    }

    /// Whoever used a member saw it end by itself: it is not lent any more, and what is left of it ends.
    pub fn failed(&mut self, number: u64, error: E, now: Instant) {
        let Some(member) = self.members.get(&number).filter(|it| it.phase == Phase::Ready && it.retiring.is_none())
        else {
            return;
        };
        self.note_exit(member.kind, member.ready_at, member.served, error, now);
        self.retire_member(number, Retirement::Exited);
        self.settle(now);
    }

    /// A start succeeded.
    pub fn started(&mut self, number: u64, now: Instant) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number).filter(|member| member.phase == Phase::Starting) else {
            return;
        };
        member.phase = Phase::Ready;
        (member.ready_at, member.idle_since, member.touched) = (now, now, touch);
        self.stats.created += 1;
        if let Some(kind) = self.kinds.get_mut(&member.kind) {
            kind.failures.started();
        }
        self.settle(now);
    }

    /// A start failed: those that it would have served are told.
    pub fn start_failed(&mut self, number: u64, error: &E, now: Instant) {
        let Some(member) = self.members.remove(&number) else { return };
        if member.retiring.is_none()
            && let Some(kind) = self.kinds.get_mut(&member.kind)
        {
            self.stats.failed += 1;
            kind.failures.start_failed(error.clone(), now);
            let share = kind.rules.max_in_flight as usize;
            let is_before = |(other, it): (&u64, &Member<K>)| *other < number && it.is_coming(member.kind);
            let before = self.members.iter().filter(|&entry| is_before(entry)).count();
            let told: Vec<Ticket> =
                kind.waiters.iter().skip(before.saturating_mul(share)).take(share).copied().collect();
            for ticket in told {
                self.refuse(ticket, Refusal::Start(error.clone()));
            }
        }
        self.settle(now);
    }

    /// A member ended by itself; `false` for one that is being ended, which [`Self::ended`] is about.
    pub fn exited(&mut self, number: u64, error: E, now: Instant) -> bool {
        if self.members.get(&number).is_none_or(|member| member.phase != Phase::Ready) {
            return false;
        }
        let Some(member) = self.members.remove(&number) else { return false };
        self.stats.count(Retirement::Exited);
        // Whoever used it may have noted it already.
        if member.retiring != Some(Retirement::Exited) {
            self.note_exit(member.kind, member.ready_at, member.served, error, now);
        }
        self.settle(now);
        true
    }

    /// Nothing is left of a member that was to end.
    pub fn ended(&mut self, number: u64, now: Instant) {
        if self.members.get(&number).is_some_and(|member| member.phase == Phase::Ending) {
            self.members.remove(&number);
            self.settle(now);
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Instant) {
        self.settle(now);
    }

    /// Takes no more work; those who wait are served.
    pub fn drain(&mut self, now: Instant) {
        self.draining = true;
        self.settle(now);
    }

    /// Takes no more work, refuses those who wait, and ends all members, busy or not.
    pub fn close(&mut self, now: Instant) {
        self.draining = true;
        let waiters: Vec<Ticket> = self.waiters.keys().copied().collect();
        for ticket in waiters {
            self.refuse(ticket, Refusal::Closed);
        }
        let numbers: Vec<u64> = self.members.keys().copied().collect();
        for number in numbers {
            self.retire_member(number, Retirement::Closed);
            self.end_member(number);
        }
        self.settle(now);
    }

    fn note_exit(&mut self, id: KindId, ready_at: Instant, was_worth_it: bool, error: E, now: Instant) {
        let Some(kind) = self.kinds.get_mut(&id) else { return };
        if was_worth_it {
            kind.failures.disproved(ready_at);
        } else {
            kind.failures.crashed(error, now);
        }
    }

    fn refuse(&mut self, ticket: Ticket, refusal: Refusal<E>) {
        if self.forget_waiter(ticket) {
            self.actions.push(Action::Refuse { ticket, refusal });
        }
    }

    fn forget_waiter(&mut self, ticket: Ticket) -> bool {
        let id = self.waiters.remove(&ticket);
        if let Some(kind) = id.and_then(|id| self.kinds.get_mut(&id)) {
            kind.waiters.remove(&ticket);
        }
        id.is_some()
    }

    /// The member takes no more work; the first reason stands.
    fn retire_member(&mut self, number: u64, reason: Retirement) {
        let Some(member) = self.members.get_mut(&number) else { return };
        let first = member.retiring.is_none();
        member.retiring.get_or_insert(reason);
        if first && member.phase == Phase::Starting {
            self.actions.push(Action::Abandon { number });
        }
    }

    /// Ends a member that retires and is ready, busy or not.
    fn end_member(&mut self, number: u64) {
        let Some(member) = self.members.get_mut(&number).filter(|member| member.phase == Phase::Ready) else { return };
        let Some(reason) = member.retiring else { return };
        member.phase = Phase::Ending;
        // One that served and was in good health when it was no longer needed is no less proof than one that stayed.
        if member.served
            && !matches!(reason, Retirement::Unhealthy | Retirement::Exited)
            && let Some(kind) = self.kinds.get_mut(&member.kind)
        {
            kind.failures.disproved(member.ready_at);
        }
        self.stats.count(reason);
        self.actions.push(Action::End { number, reason });
    }

    fn lend(&mut self, number: u64) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number) else { return };
        *if member.uses > 0 { &mut self.stats.reused } else { &mut self.stats.first } += 1;
        member.in_flight += 1;
        member.uses += 1;
        member.touched = touch;
    }

    fn touch(&mut self) -> u64 {
        self.last_touch += 1;
        self.last_touch
    }

    fn of_kind(&self, id: KindId) -> impl Iterator<Item = (u64, &Member<K>)> {
        self.members.iter().filter(move |(_, member)| member.kind == id).map(|(number, member)| (*number, member))
    }
}
