//! One test for each promise; time is what the test says it is.

use super::{Action, Return, State, Ticket};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use std::time::{Duration, Instant};

/// A state, and the clock that it is told.
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

fn end(number: u64, reason: Retirement) -> Did {
    Action::End { number, reason }
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
        self.state.checkout(&key, self.now);
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

    fn ended(&mut self, number: u64) -> Vec<Did> {
        self.state.ended(number, self.now);
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

    /// A member of the key that is idle; returns its number.
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
fn one_start_serves_as_many_as_it_can() {
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
fn leases_are_shared_out_evenly_and_among_equals_to_the_one_used_last() {
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
fn an_idle_member_of_another_key_makes_room_the_least_recently_used_first() {
    let mut pool = pool(2, 2);
    for key in ["a", "b", "c"] {
        pool.define(key, shared(1, 1));
    }
    let (a, b) = (pool.idle("a"), pool.idle("b"));
    assert_eq!(pool.checkout("a"), [grant(3, a)]);
    pool.back(a);
    assert_eq!(pool.checkout("c"), [end(b, Retirement::Evicted)]);
    assert_eq!(pool.ended(b), [start(3, "c")]);
}

#[test]
fn a_busy_member_is_never_evicted_and_the_earliest_waiter_gets_its_room() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(1, 1));
    pool.define("b", shared(1, 1));
    pool.checkout("a");
    pool.started(1);
    assert_eq!(pool.checkout("b"), []);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.state.try_checkout(&"a", pool.now), None);
    assert_eq!(pool.back(1), [end(1, Retirement::Evicted)], "b came before the second a");
    assert_eq!(pool.ended(1), [start(2, "b")]);
    assert_eq!(pool.started(2), [grant(2, 2)]);
    assert_eq!(pool.back(2), [end(2, Retirement::Evicted)]);
}

#[test]
fn whoever_waits_for_room_is_not_starved_by_those_who_share_a_member() {
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
    assert_eq!(pool.back(1), [end(1, Retirement::Evicted)]);
    assert_eq!(pool.ended(1), [start(3, "c")]);
    assert_eq!(pool.started(3), [grant(4, 3)]);
}

#[test]
fn a_waiter_that_leaves_gives_up_what_it_claimed() {
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
fn a_lease_that_was_not_delivered_is_no_use() {
    let mut pool = pool(1, 1);
    pool.define("a", Rules { max_uses: Some(1), ..shared(1, 1) });
    pool.checkout("a");
    pool.started(1);
    pool.state.give_back(1, Return::Unused, pool.now);
    assert_eq!(pool.did(), []);
    assert_eq!(pool.checkout("a"), [grant(2, 1)]);
    assert_eq!(pool.back(1), [end(1, Retirement::Uses)]);
}

#[test]
fn the_last_use_is_the_last() {
    let mut pool = pool(2, 1);
    pool.define("a", Rules { max_uses: Some(2), ..shared(2, 1) });
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.back(1);
    assert_eq!(pool.checkout("a"), [], "it has no use left, and may not have a second beside it");
    assert_eq!(pool.back(1), [end(1, Retirement::Uses)]);
    assert_eq!(pool.ended(1), [start(2, "a")]);
}

#[test]
fn a_lifetime_ends_idle_members_at_once_and_busy_ones_when_they_are_back() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { max_lifetime: Some(seconds(100)), ..shared(2, 1) });
    pool.define("b", Rules { max_lifetime: Some(seconds(100)), ..shared(2, 1) });
    pool.idle("a");
    pool.checkout("b");
    pool.started(2);
    assert_eq!(pool.pass(seconds(100)), [], "up to a tenth longer");
    assert_eq!(pool.pass(seconds(10)), [end(1, Retirement::Lifetime)]);
    assert_eq!(pool.checkout("b"), []);
    assert_eq!(pool.back(2), [end(2, Retirement::Lifetime)]);
}

#[test]
fn members_that_started_together_do_not_end_together() {
    let mut pool = pool(20, 20);
    let rules = Rules { max_lifetime: Some(seconds(1000)), min_warm: 20, ..shared(1, 20) };
    for action in pool.define("a", rules) {
        let Action::Start { number, .. } = action else { panic!("{action:?}") };
        pool.started(number);
    }
    assert_eq!(pool.pass(seconds(1000)), []);
    let ends: Vec<usize> = (0..10).map(|_| pool.pass(seconds(10)).len()).collect();
    assert_eq!(ends.iter().sum::<usize>(), 20);
    assert!(ends.iter().all(|&count| count <= 4), "{ends:?}");
}

#[test]
fn a_member_that_overlaps_is_replaced_before_it_has_ended() {
    for overlaps in [false, true] {
        let mut pool = pool(3, 3);
        pool.define("a", Rules { overlaps, ..shared(2, 1) });
        pool.checkout("a");
        pool.started(1);
        pool.state.spoil(1, pool.now);
        let replaced = pool.checkout("a").contains(&start(2, "a"));
        assert_eq!(replaced, overlaps);
    }
}

#[test]
fn idle_members_end_down_to_those_that_are_kept_warm() {
    let mut pool = pool(3, 3);
    let rules = Rules { idle_timeout: seconds(30), min_warm: 1, ..shared(1, 3) };
    assert_eq!(pool.define("a", rules), [start(1, "a")]);
    pool.started(1);
    assert_eq!(pool.retries_in(), None, "nothing to wait for");
    pool.checkout("a");
    pool.checkout("a");
    pool.started(2);
    pool.back(1);
    pool.now += seconds(10);
    pool.back(2);
    assert_eq!(pool.retries_in(), Some(seconds(20)));
    assert_eq!(pool.pass(seconds(20)), [end(1, Retirement::Idle)]);
    assert_eq!(pool.pass(seconds(1000)), []);
    assert_eq!(pool.ended(1), []);
    assert_eq!(pool.retries_in(), None);
}

#[test]
fn warm_members_use_only_room_that_nobody_waits_for() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(1, 1));
    let a = pool.idle("a");
    assert_eq!(pool.define("b", Rules { min_warm: 1, ..shared(1, 1) }), [], "evicts nobody");
    assert_eq!(pool.define("a", Rules { idle_timeout: seconds(1), ..shared(1, 1) }), []);
    assert_eq!(pool.pass(seconds(1)), [end(a, Retirement::Idle)]);
    assert_eq!(pool.ended(a), [start(2, "b")]);
    pool.started(2);
    assert_eq!(pool.checkout("a"), [end(2, Retirement::Evicted)]);
    assert_eq!(pool.ended(2), [start(3, "a")]);
}

#[test]
fn a_failed_start_is_told_to_those_it_would_have_served_and_nothing_is_retried_for_them() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(2, 5));
    for _ in 0..5 {
        pool.checkout("a");
    }
    let told = |tickets: [Ticket; 2]| tickets.map(|ticket| refuse(ticket, Refusal::Start("failed")));
    assert_eq!(pool.failed(2), told([3, 4]), "the first two wait for member 1");
    assert_eq!(pool.failed(1), told([1, 2]));
    assert_eq!(pool.retries_in(), Some(seconds(1)), "the second failure in a row");
    assert_eq!(pool.pass(seconds(1)), [start(3, "a")]);
}

#[test]
fn starts_are_tried_at_ever_longer_intervals_until_the_circuit_opens() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(1, 1));
    let mut number = 1;
    pool.checkout("a");
    for pause in [500, 1000, 2000, 4000].map(Duration::from_millis) {
        pool.failed(number);
        assert_eq!(pool.checkout("a"), []);
        assert_eq!(pool.retries_in(), Some(pause));
        number += 1;
        assert_eq!(pool.pass(pause), [start(number, "a")]);
    }
    assert_eq!(pool.checkout("a"), []);
    let unavailable = |seconds| Refusal::Unavailable { retry_after: Duration::from_secs(seconds), last: "failed" };
    assert_eq!(pool.failed(5), [refuse(5, Refusal::Start("failed")), refuse(6, unavailable(30))]);
    pool.now += seconds(10);
    assert_eq!(pool.checkout("a"), [refuse(7, unavailable(20))]);
    assert_eq!(pool.retries_in(), None, "nobody waits");
    pool.now += seconds(20);
    assert_eq!(pool.checkout("a"), [start(6, "a")], "half open");
    assert_eq!(pool.failed(6), [refuse(8, Refusal::Start("failed"))]);
    assert_eq!(pool.checkout("a"), [refuse(9, unavailable(30))], "one failure opens it again");
    pool.now += seconds(30);
    pool.checkout("a");
    assert_eq!(pool.started(7), [grant(10, 7)]);
    pool.back(7);
    pool.exited(7);
    assert_eq!(pool.checkout("a"), [start(8, "a")], "the last one was of use: as if nothing had ever failed");
    pool.failed(8);
    pool.checkout("a");
    assert_eq!(pool.retries_in(), Some(Duration::from_millis(500)));
}

#[test]
fn a_half_open_circuit_tries_one_start_though_more_may_start() {
    let mut pool = pool(5, 5);
    pool.define("a", shared(1, 5));
    for _ in 0..5 {
        pool.checkout("a");
    }
    for number in 1..=5 {
        pool.failed(number);
    }
    pool.now += seconds(30);
    assert_eq!(pool.checkout("a"), [start(6, "a")]);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.started(6), [grant(6, 6), start(7, "a")]);
}

#[test]
fn the_first_crash_is_followed_by_a_start_at_once_the_next_by_pauses() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(1, 1));
    pool.checkout("a");
    pool.started(1);
    pool.exited(1);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    pool.started(2);
    pool.exited(2);
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.retries_in(), Some(seconds(1)));
    assert_eq!(pool.pass(seconds(1)), [start(3, "a")]);
}

#[test]
fn a_crash_that_its_user_saw_counts_once() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(2, 1));
    for number in 1..=5 {
        pool.checkout("a");
        pool.checkout("a");
        pool.pass(seconds(10));
        pool.started(number);
        pool.state.failed(number, "crashed", pool.now);
        pool.state.failed(number, "crashed", pool.now);
        assert_eq!(pool.did(), []);
        pool.back(number);
        if number % 2 == 0 {
            pool.exited(number);
            pool.back(number);
        } else {
            assert_eq!(pool.back(number), [end(number, Retirement::Exited)]);
            pool.ended(number);
        }
    }
    let refused = pool.checkout("a");
    assert!(matches!(refused[..], [Action::Refuse { refusal: Refusal::Unavailable { .. }, .. }]), "{refused:?}");
}

#[test]
fn failures_are_in_a_row_only_when_nothing_worked_between_them() {
    let mut pool = pool(5, 2);
    pool.define("a", Rules { max_uses: Some(1), ..shared(1, 1) });
    for number in (1..=20).step_by(2) {
        assert_eq!(pool.checkout("a"), [start(number, "a")]);
        pool.started(number);
        pool.state.failed(number, "crashed", pool.now);
        assert_eq!(pool.back(number), [end(number, Retirement::Exited)]);
        pool.ended(number);
        pool.checkout("a");
        pool.started(number + 1);
        assert_eq!(pool.back(number + 1), [end(number + 1, Retirement::Uses)]);
        pool.ended(number + 1);
    }
}

#[test]
fn an_open_circuit_refuses_nobody_while_another_member_serves() {
    let mut pool = pool(5, 5);
    pool.define("a", shared(1, 2));
    pool.checkout("a");
    pool.started(1);
    for number in 2..=6 {
        let extra = pool.state.checkout(&"a", pool.now);
        pool.did();
        pool.pass(seconds(4));
        assert_eq!(pool.failed(number).first(), Some(&refuse(extra, Refusal::Start("failed"))));
    }
    assert_eq!(pool.checkout("a"), [], "member 1 will be back");
    assert_eq!(pool.back(1), [grant(7, 1)]);
    assert_eq!(pool.checkout("a"), []);
    let gone = pool.exited(1);
    assert!(matches!(gone[..], [Action::Refuse { ticket: 8, refusal: Refusal::Unavailable { .. } }]), "{gone:?}");
}

#[test]
fn leases_of_a_crashed_member_are_inert() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(2, 1));
    pool.checkout("a");
    pool.started(1);
    pool.exited(1);
    assert_eq!(pool.back(1), []);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    pool.started(2);
    assert_eq!(pool.state.members(pool.now)[0].in_flight, 1);
}

#[test]
fn a_spoiled_member_is_lent_no_more_and_ends_with_its_last_lease() {
    let mut pool = pool(2, 1);
    pool.define("a", shared(3, 2));
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.state.spoil(1, pool.now);
    assert_eq!(pool.did(), []);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    assert_eq!(pool.back(1), []);
    assert_eq!(pool.back(1), [end(1, Retirement::Unhealthy)]);
}

#[test]
fn a_retired_key_is_unknown_and_its_members_end() {
    let mut pool = pool(3, 3);
    pool.define("a", shared(1, 3));
    pool.idle("a");
    pool.checkout("a");
    pool.checkout("a");
    pool.started(2);
    pool.state.give_back(1, Return::Used, pool.now);
    pool.did();
    pool.checkout("a");
    pool.checkout("a");
    assert_eq!(pool.state.queued(), 1);
    pool.state.retire(&"a", pool.now);
    assert_eq!(pool.did(), [refuse(5, Refusal::Unknown), Action::Abandon { number: 3 }]);
    assert_eq!(pool.checkout("a"), [refuse(6, Refusal::Unknown)]);
    assert_eq!(pool.back(1), [end(1, Retirement::Changed)]);
    assert_eq!(pool.started(3), [end(3, Retirement::Changed)]);
    pool.define("a", shared(1, 1));
    assert_eq!(pool.checkout("a"), [], "three members are still there");
    assert_eq!(pool.ended(1), [start(4, "a")]);
}

#[test]
fn new_rules_with_fewer_instances_end_the_least_used() {
    let mut pool = pool(3, 3);
    pool.define("a", shared(1, 3));
    for _ in 0..3 {
        pool.checkout("a");
    }
    for number in 1..=3 {
        pool.started(number);
    }
    pool.back(2);
    pool.back(1);
    assert_eq!(pool.define("a", shared(1, 2)), [end(2, Retirement::Changed)]);
}

#[test]
fn draining_serves_those_who_wait_and_then_ends_everything() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { min_warm: 1, ..shared(1, 1) });
    pool.define("b", shared(1, 1));
    pool.started(1);
    pool.idle("b");
    pool.checkout("a");
    pool.checkout("a");
    pool.state.drain(pool.now);
    assert_eq!(pool.did(), [end(2, Retirement::Closed)]);
    assert_eq!(pool.checkout("a"), [refuse(4, Refusal::Closed)]);
    assert_eq!(pool.state.try_checkout(&"a", pool.now), None);
    assert_eq!(pool.ended(2), []);
    assert_eq!(pool.back(1), [grant(3, 1)]);
    assert_eq!(pool.back(1), [end(1, Retirement::Closed)]);
    assert_eq!(pool.ended(1), []);
    assert!(pool.state.is_empty());
}

#[test]
fn closing_ends_everything_at_once() {
    let mut pool = pool(2, 2);
    pool.define("a", shared(1, 2));
    pool.checkout("a");
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.state.close(pool.now);
    let refusals = [2, 3].map(|ticket| refuse(ticket, Refusal::Closed));
    assert_eq!(pool.did(), [&refusals[..], &[end(1, Retirement::Closed), Action::Abandon { number: 2 }]].concat());
    assert_eq!(pool.back(1), []);
    assert_eq!(pool.started(2), [end(2, Retirement::Closed)]);
    pool.ended(1);
    assert!(!pool.state.is_empty());
    pool.ended(2);
    assert!(pool.state.is_empty());
}
