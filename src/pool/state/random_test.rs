//! Random sequences of events, with invariants that hold after each event, and an end in which all is served.

use super::member::Phase;
use super::{Action, Return, State, Stats, Ticket};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

type Key = u8;

#[derive(Debug, Clone)]
enum Event {
    Checkout { key: Key, yields: bool },
    TryCheckout { key: Key },
    Cancel { nth: usize },
    Back { nth: usize, how: How },
    Started { nth: usize },
    Failed { nth: usize },
    Exited { nth: usize },
    Ended { nth: usize },
    Pass { ms: u64 },
    Define { key: Key, rules: Rules },
    Retire { key: Key },
}

#[derive(Debug, Clone, Copy)]
enum How {
    Used,
    Unused,
    Spoiled,
    Failed,
}

fn rules() -> impl Strategy<Value = Rules> {
    let uses = proptest::option::of(1..4u64);
    let time = || (100..20_000u64).prop_map(Duration::from_millis);
    (1..4u32, 1..4u32, uses, proptest::option::of(time()), time(), 0..3u32, any::<bool>()).prop_map(
        |(max_in_flight, instances, max_uses, max_lifetime, idle_timeout, min_warm, overlaps)| Rules {
            max_in_flight,
            instances,
            overlaps,
            max_uses,
            max_lifetime,
            idle_timeout,
            min_warm,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let key = || 0..4u8;
    let nth = || 0..6usize;
    let how =
        prop_oneof![6 => Just(How::Used), 1 => Just(How::Unused), 1 => Just(How::Spoiled), 1 => Just(How::Failed)];
    prop_oneof![
        12 => (key(), any::<bool>()).prop_map(|(key, yields)| Event::Checkout { key, yields }),
        3 => key().prop_map(|key| Event::TryCheckout { key }),
        2 => nth().prop_map(|nth| Event::Cancel { nth }),
        10 => (nth(), how).prop_map(|(nth, how)| Event::Back { nth, how }),
        9 => nth().prop_map(|nth| Event::Started { nth }),
        2 => nth().prop_map(|nth| Event::Failed { nth }),
        2 => nth().prop_map(|nth| Event::Exited { nth }),
        8 => nth().prop_map(|nth| Event::Ended { nth }),
        4 => (1..15_000u64).prop_map(|ms| Event::Pass { ms }),
        1 => (key(), rules()).prop_map(|(key, rules)| Event::Define { key, rules }),
        1 => key().prop_map(|key| Event::Retire { key }),
    ]
}

/// The world around the state: the actions that it has not reported yet.
struct World {
    state: State<Key, &'static str>,
    now: Instant,
    keys: BTreeMap<Ticket, Key>,
    waiting: BTreeSet<Ticket>,
    /// One entry for each lease.
    leases: Vec<u64>,
    starting: Vec<u64>,
    ending: Vec<u64>,
}

fn pick<T: Copy>(list: &[T], nth: usize) -> Option<T> {
    (!list.is_empty()).then(|| list[nth % list.len()])
}

fn take<T: Copy>(list: &mut Vec<T>, nth: usize) -> Option<T> {
    (!list.is_empty()).then(|| list.remove(nth % list.len()))
}

impl World {
    fn new(limits: Limits) -> Self {
        let (keys, waiting) = (BTreeMap::new(), BTreeSet::new());
        let (leases, starting, ending) = (Vec::new(), Vec::new(), Vec::new());
        Self { state: State::new(limits), now: Instant::now(), keys, waiting, leases, starting, ending }
    }

    fn report(&mut self, event: &Event) {
        let now = self.now;
        match *event {
            Event::Checkout { key, yields } => {
                let ticket = self.state.checkout(&key, yields, now);
                self.keys.insert(ticket, key);
                self.waiting.insert(ticket);
            }
            Event::TryCheckout { key } => self.leases.extend(self.state.try_checkout(&key, now)),
            Event::Cancel { nth } => {
                let waiting: Vec<Ticket> = self.waiting.iter().copied().collect();
                if let Some(ticket) = pick(&waiting, nth) {
                    self.waiting.remove(&ticket);
                    self.state.cancel(ticket, now);
                }
            }
            Event::Back { nth, how } => {
                if let Some(number) = take(&mut self.leases, nth) {
                    if matches!(how, How::Spoiled) {
                        self.state.mark_unfit(number, now);
                    }
                    if matches!(how, How::Failed) {
                        self.state.mark_exited(number, "crashed", now);
                    }
                    let how = if matches!(how, How::Unused) { Return::Unused } else { Return::Used };
                    self.state.give_back(number, how, now);
                }
            }
            Event::Started { nth } => {
                if let Some(number) = take(&mut self.starting, nth) {
                    self.state.started(number, now);
                }
            }
            Event::Failed { nth } => {
                if let Some(number) = take(&mut self.starting, nth) {
                    self.state.start_failed(number, &"failed", now);
                }
            }
            Event::Exited { nth } => {
                let ready = self.state.members.iter().filter(|(_, member)| member.phase == Phase::Ready);
                let ready: Vec<u64> = ready.map(|(number, _)| *number).collect();
                if let Some(number) = pick(&ready, nth) {
                    assert!(self.state.exited(number, "crashed", now));
                }
            }
            Event::Ended { nth } => {
                if let Some(number) = take(&mut self.ending, nth) {
                    self.state.terminated(number, now);
                }
            }
            Event::Pass { ms } => {
                self.now += Duration::from_millis(ms);
                self.state.tick(self.now);
            }
            Event::Define { key, rules } => self.state.define(key, rules, now),
            Event::Retire { key } => self.state.retire(&key, now),
        }
    }

    /// Executes the actions of the state, and checks them.
    fn execute(&mut self) {
        let mut latest: BTreeMap<Key, Ticket> = BTreeMap::new();
        for action in self.state.take_actions() {
            match action {
                Action::Start { number, .. } => self.starting.push(number),
                Action::Abandon { number } => assert!(self.starting.contains(&number)),
                Action::Terminate { number, reason } => {
                    let busy = self.state.members[&number].in_flight > 0;
                    assert!(!busy || reason == Retirement::Closed, "a busy member was terminated");
                    self.ending.push(number);
                }
                Action::Grant { ticket, number } => {
                    assert!(self.waiting.remove(&ticket), "{ticket} was not waiting");
                    let key = self.keys[&ticket];
                    assert_eq!(self.state.members[&number].key, key);
                    // Unused leases come back at once in this world, so no waiter is served before an earlier one.
                    let before = latest.insert(key, ticket);
                    assert!(before < Some(ticket), "out of order");
                    let earlier = self.waiting.iter().find(|other| **other < ticket && self.keys[other] == key);
                    assert_eq!(earlier, None, "{ticket} was served before it");
                    self.leases.push(number);
                }
                Action::Refuse { ticket, refusal } => {
                    assert!(self.waiting.remove(&ticket), "{ticket} was not waiting");
                    assert_ne!(refusal, Refusal::Closed);
                }
            }
        }
    }

    fn check(&self) {
        self.check_that_all_is_in_order();
        let state = &self.state;
        let limits = state.limits;
        assert!(state.members.len() <= limits.max_members, "too many members");
        let starting = state.members.values().filter(|member| member.phase == Phase::Starting).count();
        let by_key = state.stats_by_key.values().fold(Stats::default(), Stats::with);
        assert_eq!(by_key, state.stats, "counts of no key");
        assert_eq!(starting, self.starting.len());
        assert!(starting <= limits.max_starting, "too many starts");
        assert_eq!(state.members.values().filter(|member| member.phase == Phase::Ending).count(), self.ending.len());
        assert_eq!(state.waiters.keys().copied().collect::<BTreeSet<_>>(), self.waiting, "a waiter was lost");
        for (number, member) in &state.members {
            let leases = self.leases.iter().filter(|lease| *lease == number).count();
            assert_eq!(member.in_flight as usize, leases, "leases of {number}");
            assert!(!(member.is_idle() && member.retiring.is_some()), "{number} should have ended");
        }
        for id in state.kinds.keys() {
            self.check_kind(*id);
        }
    }

    /// Checks that an event which skipped the full pass has left nothing to do.
    fn check_that_all_is_in_order(&self) {
        let mut settled = self.state.clone();
        settled.settle(self.now);
        assert_eq!(settled.take_actions(), [], "left to do");
        let look = |state: &State<Key, &'static str>| format!("{:?} {:?}", state.members, state.reserved);
        assert_eq!(look(&settled), look(&self.state));
        let is_in_time = settled.due.is_none_or(|due| self.state.due.is_some_and(|own| own <= due));
        assert!(is_in_time, "{:?} would be missed", settled.due);
    }

    /// Checks that each waiter has a reason to wait.
    fn check_kind(&self, id: u64) {
        let state = &self.state;
        let kind = &state.kinds[&id];
        if kind.waiters.is_empty() {
            return;
        }
        let members: Vec<_> = state.of_kind(id).map(|(_, member)| member).collect();
        let has_member = !members.is_empty();
        let coming = members.iter().any(|member| member.phase == Phase::Starting);
        let pausing = kind
            .failures
            .paused_until(self.now)
            .is_some_and(|at| state.next_deadline(self.now).is_some_and(|next| next <= at));
        let only_pauses = pausing && !members.iter().any(|member| member.is_staying());
        assert!(!only_pauses || kind.yielding.is_empty(), "{:?} should have given way", kind.yielding);
        let starts_taken = self.starting.len() == state.limits.max_starting;
        let full = state.members.len() == state.limits.max_members;
        let will_have_capacity = !self.ending.is_empty() || !self.leases.is_empty() || !self.starting.is_empty();
        assert!(
            has_member || coming || pausing || starts_taken || (full && will_have_capacity),
            "nothing to wait for: {kind:?} {:?}",
            state.members
        );
        // No waiter waits beside an available member, unless the member is reserved for an earlier claim.
        assert_eq!(state.available(id), None, "an available member for {kind:?}");
        let first = kind.waiters.first();
        let is_kept =
            |number: &u64| state.reserved.contains(number) && state.waiters.first_key_value().map(|(it, _)| it) < first;
        for (number, member) in state.of_kind(id) {
            assert!(!member.is_available(&kind.rules) || is_kept(&number), "{number} could serve");
        }
        // No waiter waits beside an idle member that could be evicted.
        let idle = state.members.values().any(super::member::Member::is_idle);
        let counted = members.iter().filter(|member| !kind.rules.overlaps || member.is_staying()).count();
        let wants = counted < kind.rules.instances as usize && !coming && !pausing;
        assert!(!(idle && wants && full && !starts_taken && self.ending.is_empty()), "{kind:?} could evict");
    }

    fn step(&mut self, event: &Event) {
        self.report(event);
        self.execute();
        self.check();
    }
}

fn limits() -> impl Strategy<Value = Limits> {
    (1..5usize, 1..4usize).prop_map(|(max_members, max_starting)| Limits { max_members, max_starting })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_events_keeps_the_invariants(
        limits in limits(),
        kinds in proptest::collection::vec(rules(), 4),
        events in proptest::collection::vec(event(), 1..250),
    ) {
        let mut world = World::new(limits);
        for (key, rules) in (0..).zip(kinds) {
            world.step(&Event::Define { key, rules });
        }
        for event in &events {
            world.step(event);
        }
        // From here on all leases come back and all starts succeed, the latest first: all waiters are served, and all members
        // end.
        for key in 0..4 {
            if world.state.ids.contains_key(&key) {
                world.step(&Event::Define { key, rules: Rules { min_warm: 0, ..Rules::default() } });
            }
        }
        for _ in 0..10_000 {
            if world.state.is_empty() {
                break;
            }
            for event in [
                Event::Back { nth: usize::MAX, how: How::Used },
                Event::Started { nth: usize::MAX },
                Event::Ended { nth: usize::MAX },
            ] {
                world.step(&event);
            }
            if world.leases.is_empty() && world.starting.is_empty() && world.ending.is_empty() && !world.state.is_empty() {
                let deadline = world.state.next_deadline(world.now).expect("something to wait for");
                world.now = world.now.max(deadline);
                world.step(&Event::Pass { ms: 0 });
            }
        }
        prop_assert!(world.state.is_empty(), "stuck: {:?}", world.state);
        prop_assert_eq!(world.state.next_deadline(world.now), None);
    }

    /// Any number of users share the members of other keys, without a pause. A waiter still gets capacity in bounded time.
    #[test]
    fn no_waiter_starves(
        limits in limits(),
        shares in proptest::collection::vec(1..4u32, 3),
        order in proptest::collection::vec((0..3u8, 0..9usize), 400),
    ) {
        let mut world = World::new(limits);
        for (key, max_in_flight) in (0..).zip(shares) {
            let rules = Rules { max_in_flight, idle_timeout: Duration::MAX, ..Rules::default() };
            world.step(&Event::Define { key, rules });
        }
        let mut victim = None;
        for (at, (key, nth)) in order.into_iter().enumerate() {
            // Two come for each one that leaves, and calls end in any order, but the oldest does not last for ever.
            world.step(&Event::Checkout { key, yields: false });
            if world.waiting.len() < 20 {
                world.step(&Event::Checkout { key: (key + 1) % 3, yields: true });
            }
            world.step(&Event::Started { nth });
            world.step(&Event::Ended { nth });
            world.step(&Event::Back { nth: if at % 2 == 0 { 0 } else { nth }, how: How::Used });
            let first = world.waiting.first().copied();
            let since = victim.filter(|(ticket, _)| Some(*ticket) == first).map_or(at, |(_, since)| since);
            victim = first.map(|ticket| (ticket, since));
            prop_assert!(at - since <= 100, "{first:?} has been first in the queue for {} rounds", at - since);
        }
    }
}
