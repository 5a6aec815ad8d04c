//! Tests of the decisions, with a clock that the tests move.

mod failures;
mod holds;
mod need;
mod retirement;
mod room;

use super::{Action, Return, State, Ticket};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use std::time::{Duration, Instant};

/// A state and its clock.
struct Bench {
    state: State<&'static str, &'static str>,
    now: Instant,
}

type Did = Action<&'static str, &'static str>;

fn pool(max_members: usize, max_starting: usize) -> Bench {
    Bench { state: State::new(Limits { max_members, max_starting }), now: Instant::now() }
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn shared(max_in_flight: u32, instances: u32) -> Rules {
    Rules { max_in_flight, instances, idle_timeout: Duration::MAX, ..Rules::default() }
}

fn start(number: u64, key: &'static str) -> Did {
    Action::Start { number, key }
}

fn terminate(number: u64, reason: Retirement) -> Did {
    Action::Terminate { number, reason }
}

fn grant(ticket: Ticket, number: u64) -> Did {
    Action::Grant { ticket, number }
}

fn refuse(ticket: Ticket, refusal: Refusal<&'static str>) -> Did {
    Action::Refuse { ticket, refusal }
}

impl Bench {
    fn did(&mut self) -> Vec<Did> {
        self.state.take_actions()
    }

    fn define(&mut self, key: &'static str, rules: Rules) -> Vec<Did> {
        self.state.define(key, rules, self.now);
        self.did()
    }

    fn checkout(&mut self, key: &'static str) -> Vec<Did> {
        self.state.checkout(&key, false, self.now);
        self.did()
    }

    fn checkout_yielding(&mut self, key: &'static str) -> Vec<Did> {
        self.state.checkout(&key, true, self.now);
        self.did()
    }

    fn started(&mut self, number: u64) -> Vec<Did> {
        self.state.started(number, self.now);
        self.did()
    }

    fn failed(&mut self, number: u64) -> Vec<Did> {
        self.state.start_failed(number, &"failed", self.now);
        self.did()
    }

    fn exited(&mut self, number: u64) -> Vec<Did> {
        self.state.exited(number, "crashed", self.now);
        self.did()
    }

    fn terminated(&mut self, number: u64) -> Vec<Did> {
        self.state.terminated(number, self.now);
        self.did()
    }

    fn back(&mut self, number: u64) -> Vec<Did> {
        self.state.give_back(number, Return::Used, self.now);
        self.did()
    }

    fn pass(&mut self, time: Duration) -> Vec<Did> {
        self.now += time;
        self.state.tick(self.now);
        self.did()
    }

    /// Makes an idle member of the key. Returns its number.
    fn idle(&mut self, key: &'static str) -> u64 {
        let Some(Action::Start { number, .. }) = self.checkout(key).pop() else { panic!("{key} should have started") };
        self.started(number);
        self.back(number);
        number
    }

    fn retries_in(&self) -> Option<Duration> {
        self.state.next_deadline(self.now).map(|at| at - self.now)
    }
}

#[test]
fn one_start_serves_as_many_waiters_as_it_can() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(2, 5));
    assert_eq!(pool.checkout("a"), [start(1, "a")]);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.checkout("a"), [], "two may start at a time");
    assert_eq!(pool.started(2), [grant(1, 2), grant(2, 2), start(3, "a")], "the next two wait for member 1");
    assert_eq!(pool.started(1), [grant(3, 1), grant(4, 1)]);
    assert_eq!(pool.started(3), [grant(5, 3)]);
}

#[test]
fn members_share_the_leases_and_among_equals_the_one_used_last_comes_first() {
    let mut pool = pool(5, 5);
    pool.define("a", shared(2, 5));
    for _ in 0..4 {
        pool.checkout("a");
    }
    pool.started(1);
    pool.started(2);
    pool.back(2);
    assert_eq!(pool.checkout("a"), [grant(5, 2)], "fewer leases");
    for number in [1, 1, 2, 2] {
        pool.back(number);
    }
    assert_eq!(pool.checkout("a"), [grant(6, 2)], "used last");
    assert_eq!(pool.checkout("a"), [grant(7, 1)], "fewer leases again");
}

#[test]
fn the_least_recently_used_idle_member_of_another_key_is_evicted() {
    let mut pool = pool(2, 2);
    for key in ["a", "b", "c"] {
        pool.define(key, shared(1, 1));
    }
    let (a, b) = (pool.idle("a"), pool.idle("b"));
    assert_eq!(pool.checkout("a"), [grant(3, a)]);
    pool.back(a);
    assert_eq!(pool.checkout("c"), [terminate(b, Retirement::Evicted)]);
    assert_eq!(pool.terminated(b), [start(3, "c")]);
}

#[test]
fn a_busy_member_is_not_evicted_and_the_earliest_waiter_gets_its_capacity() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(1, 1));
    pool.define("b", shared(1, 1));
    pool.checkout("a");
    pool.started(1);
    assert_eq!(pool.checkout("b"), []);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.state.try_checkout(&"a", pool.now), None);
    assert_eq!(pool.back(1), [terminate(1, Retirement::Evicted)], "b came before the second a");
    assert_eq!(pool.terminated(1), [start(2, "b")]);
    assert_eq!(pool.started(2), [grant(2, 2)]);
    assert_eq!(pool.back(2), [terminate(2, Retirement::Evicted)]);
}

#[test]
fn users_that_share_a_member_do_not_starve_a_waiter_for_its_capacity() {
    let mut pool = pool(2, 1);
    pool.define("a", shared(8, 1));
    pool.define("b", shared(8, 1));
    pool.define("c", shared(1, 1));
    pool.checkout("a");
    pool.started(1);
    pool.checkout("b");
    pool.started(2);
    pool.checkout("b");
    assert_eq!(pool.checkout("c"), []);
    assert_eq!(pool.checkout("a"), [], "the room of a, which has fewer leases, is c's");
    assert_eq!(pool.checkout("b"), [grant(6, 2)], "b's is not needed");
    assert_eq!(pool.state.try_checkout(&"a", pool.now), None);
    assert_eq!(pool.back(1), [terminate(1, Retirement::Evicted)]);
    assert_eq!(pool.terminated(1), [start(3, "c")]);
    assert_eq!(pool.started(3), [grant(4, 3)]);
}

#[test]
fn a_waiter_that_leaves_gives_up_its_claim() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(2, 1));
    pool.define("b", shared(1, 1));
    pool.checkout("a");
    pool.started(1);
    pool.checkout("b");
    assert_eq!(pool.checkout("a"), []);
    pool.state.cancel(2, pool.now);
    assert_eq!(pool.did(), [grant(3, 1)]);
    assert_eq!(pool.state.queued(), 0);
}

#[test]
fn a_lease_that_was_not_delivered_does_not_count() {
    let mut pool = pool(1, 1);
    pool.define("a", Rules { max_uses: Some(1), ..shared(1, 1) });
    pool.checkout("a");
    pool.started(1);
    pool.state.give_back(1, Return::Unused, pool.now);
    assert_eq!(pool.did(), []);
    assert_eq!(pool.checkout("a"), [grant(2, 1)]);
    assert_eq!(pool.back(1), [terminate(1, Retirement::Uses)]);
}

#[test]
fn a_member_ends_after_its_last_use() {
    let mut pool = pool(2, 1);
    pool.define("a", Rules { max_uses: Some(2), ..shared(2, 1) });
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.back(1);
    assert_eq!(pool.checkout("a"), [], "it has no use left, and may not have a second beside it");
    assert_eq!(pool.back(1), [terminate(1, Retirement::Uses)]);
    assert_eq!(pool.terminated(1), [start(2, "a")]);
}
