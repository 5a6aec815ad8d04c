//! The decisions of a pool: leases, starts and ends of members. Each event comes with the time, and leaves actions behind.

mod failures;
mod lifecycle;
mod member;
mod need;
#[cfg(test)]
mod random_test;
mod room;
mod schedule;
mod stats;
#[cfg(test)]
mod tests;
mod view;

pub use stats::{KeyView, MemberState, MemberView, Stats};

use super::reason::{Refusal, Retirement};
use super::rules::{Limits, Rules};
use failures::Failures;
use member::{KindId, Member};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::time::Instant;

/// Identifies a waiter. Tickets rise in the order of arrival.
pub type Ticket = u64;

/// An action for the driver. Actions are executed in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<K, E> {
    /// Start a member, and report [`State::started`] or [`State::start_failed`].
    Start { number: u64, key: K },
    /// Abandon a start, because no waiter needs it. The start still reports its end.
    Abandon { number: u64 },
    /// Terminate a member, and report [`State::terminated`].
    Terminate { number: u64, reason: Retirement },
    /// Give a waiter a lease of a member.
    Grant { ticket: Ticket, number: u64 },
    /// Refuse a waiter.
    Refuse { ticket: Ticket, refusal: Refusal<E> },
}

/// Tells if a lease that comes back was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Return {
    /// The lease did not reach its waiter, and does not count.
    Unused,
    /// The lease was used.
    Used,
    /// The lease was turned into a hold by [`State::hold`].
    Held,
}

/// The members of a pool and its waiters.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct State<K, E> {
    limits: Limits,
    ids: HashMap<K, KindId>,
    kinds: BTreeMap<KindId, Kind<K, E>>,
    members: BTreeMap<u64, Member<K>>,
    waiters: BTreeMap<Ticket, KindId>,
    /// Busy members with capacity that a waiter has claimed. Later waiters do not get them.
    reserved: BTreeSet<u64>,
    actions: Vec<Action<K, E>>,
    /// The instant at which something is due without an event, or an earlier one.
    due: Option<Instant>,
    stats: Stats,
    /// The same counts by key, also of keys that are retired, until [`State::forget`].
    stats_by_key: HashMap<K, Stats>,
    draining: bool,
    /// The instant before which no member is started only to be kept warm.
    no_warm_before: Option<Instant>,
    last_ticket: Ticket,
    last_number: u64,
    last_kind: KindId,
    last_touch: u64,
}

/// A key as it is defined now.
#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
struct Kind<K, E> {
    key: K,
    rules: Rules,
    waiters: BTreeSet<Ticket>,
    /// The waiters that give way during a pause between starts.
    yielding: BTreeSet<Ticket>,
    failures: Failures<E>,
}

impl<K: Clone + Eq + Hash, E: Clone> State<K, E> {
    /// Makes an empty pool.
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
            stats_by_key: HashMap::new(),
            draining: false,
            no_warm_before: None,
            last_ticket: 0,
            last_number: 0,
            last_kind: 0,
            last_touch: 0,
        }
    }

    /// Takes the actions since the last call.
    pub fn take_actions(&mut self) -> Vec<Action<K, E>> {
        std::mem::take(&mut self.actions)
    }

    /// Adds a key, or changes its rules. Numbers below one are taken for one.
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
        let (waiters, yielding) = (BTreeSet::new(), BTreeSet::new());
        let kind = Kind { key, rules, waiters, yielding, failures: Failures::default() };
        self.kinds.entry(id).or_insert(kind).rules = rules;
        self.retire_excess(id);
        self.settle(now);
    }

    /// Removes a key. Its members end when their leases are back.
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

    /// Leases a member that is available now, unless a waiter could use it.
    pub fn try_checkout(&mut self, key: &K, now: Instant) -> Option<u64> {
        let id = *self.ids.get(key).filter(|_| !self.draining)?;
        // A member that is due to end must not be leased.
        self.settle_unless_quiet(now);
        let has_no_waiters = self.kinds.get(&id).is_some_and(|kind| kind.waiters.is_empty());
        let number = self.available(id).filter(|_| has_no_waiters)?;
        self.lease(number);
        self.settle_unless_quiet(now);
        Some(number)
    }

    /// Queues a waiter. A later action grants a lease to the waiter, or refuses it. A waiter that `yields` is refused when only
    /// the end of a pause between starts could help it.
    pub fn checkout(&mut self, key: &K, yields: bool, now: Instant) -> Ticket {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let id = self.ids.get(key).copied();
        match id.and_then(|id| Some((id, self.kinds.get_mut(&id)?))) {
            _ if self.draining => self.actions.push(Action::Refuse { ticket, refusal: Refusal::Closed }),
            None => self.actions.push(Action::Refuse { ticket, refusal: Refusal::Unknown }),
            Some((id, kind)) => {
                kind.waiters.insert(ticket);
                kind.yielding.extend(yields.then_some(ticket));
                self.waiters.insert(ticket, id);
                self.settle(now);
            }
        }
        ticket
    }

    /// Takes a waiter out of the queue, if it is still there.
    pub fn cancel(&mut self, ticket: Ticket, now: Instant) {
        if self.forget_waiter(ticket) {
            self.settle(now);
        }
    }

    /// Turns a lease into a hold. A held member is neither idle nor evicted, and takes other leases as if the hold were
    /// not there. It ends for every other reason in spite of its holds.
    pub fn hold(&mut self, number: u64, now: Instant) {
        let Some(member) = self.members.get_mut(&number) else { return };
        member.holds += 1;
        self.give_back(number, Return::Used, now);
    }

    /// Takes a lease back. Nothing changes if the member has ended.
    pub fn give_back(&mut self, number: u64, how: Return, now: Instant) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number) else { return };
        member.idle_since = now;
        member.touched = touch;
        if how == Return::Held {
            member.holds = member.holds.saturating_sub(1);
            return self.settle(now);
        }
        member.in_flight = member.in_flight.saturating_sub(1);
        let kind = self.kinds.get_mut(&member.kind);
        let had_failures = kind.as_ref().is_none_or(|kind| kind.failures.are_any());
        match how {
            Return::Unused => member.uses = member.uses.saturating_sub(1),
            Return::Held => {}
            Return::Used if matches!(member.retiring, Some(Retirement::Unhealthy | Retirement::Exited)) => {}
            Return::Used => {
                member.served = true;
                if let Some(kind) = kind {
                    kind.failures.disproved(member.ready_at);
                }
            }
        }
        match self.kinds.get(&member.kind) {
            // The member was available before too, so only the end of its idle time can change.
            Some(kind) if !had_failures && (member.in_flight > 0 || member.is_available(&kind.rules)) => {
                let idle_end = now.checked_add(kind.rules.idle_timeout);
                self.due = self.due.into_iter().chain(idle_end).min();
                self.settle_unless_quiet(now);
            }
            _ => self.settle(now),
        }
    }

    /// Notes that time has passed.
    pub fn tick(&mut self, now: Instant) {
        self.settle(now);
    }

    /// Takes no more work, but serves the waiters.
    pub fn drain(&mut self, now: Instant) {
        self.draining = true;
        self.settle(now);
    }

    /// Takes no more work, refuses the waiters, and terminates all members, busy or not.
    pub fn shut_down(&mut self, now: Instant) {
        self.draining = true;
        let waiters: Vec<Ticket> = self.waiters.keys().copied().collect();
        for ticket in waiters {
            self.refuse(ticket, Refusal::Closed);
        }
        let numbers: Vec<u64> = self.members.keys().copied().collect();
        for number in numbers {
            self.retire_member(number, Retirement::Closed);
            self.terminate_member(number);
        }
        self.settle(now);
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
            kind.yielding.remove(&ticket);
        }
        id.is_some()
    }

    fn lease(&mut self, number: u64) {
        let touch = self.touch();
        let Some(member) = self.members.get_mut(&number) else { return };
        let is_first = member.uses == 0;
        member.in_flight += 1;
        member.uses += 1;
        member.touched = touch;
        let key = member.key.clone();
        self.count(&key, |stats| *if is_first { &mut stats.first } else { &mut stats.reused } += 1);
    }

    /// Changes the counts of all, and those of a key.
    fn count(&mut self, key: &K, change: impl Fn(&mut Stats)) {
        change(&mut self.stats);
        change(self.stats_by_key.entry(key.clone()).or_default());
    }

    fn touch(&mut self) -> u64 {
        self.last_touch += 1;
        self.last_touch
    }

    fn of_kind(&self, id: KindId) -> impl Iterator<Item = (u64, &Member<K>)> {
        self.members.iter().filter(move |(_, member)| member.kind == id).map(|(number, member)| (*number, member))
    }
}
