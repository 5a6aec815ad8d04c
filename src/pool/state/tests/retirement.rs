//! The ends of members: by time, by rules, by keys, and with the pool.

use super::*;

#[test]
fn a_lifetime_ends_idle_members_at_once_and_busy_ones_when_they_are_back() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { max_lifetime: Some(seconds(100)), ..shared(2, 1) });
    pool.define("b", Rules { max_lifetime: Some(seconds(100)), ..shared(2, 1) });
    pool.idle("a");
    pool.checkout("b");
    pool.started(2);
    assert_eq!(pool.pass(seconds(100)), [], "up to a tenth longer");
    assert_eq!(pool.pass(seconds(10)), [terminate(1, Retirement::Lifetime)]);
    assert_eq!(pool.checkout("b"), []);
    assert_eq!(pool.back(2), [terminate(2, Retirement::Lifetime)]);
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
        pool.state.mark_unfit(1, pool.now);
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
    assert_eq!(pool.pass(seconds(20)), [terminate(1, Retirement::Idle)]);
    assert_eq!(pool.pass(seconds(1000)), []);
    assert_eq!(pool.terminated(1), []);
    assert_eq!(pool.retries_in(), None);
}

#[test]
fn warm_members_use_only_capacity_without_a_claim() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(1, 1));
    let a = pool.idle("a");
    assert_eq!(pool.define("b", Rules { min_warm: 1, ..shared(1, 1) }), [], "evicts nobody");
    assert_eq!(pool.define("a", Rules { idle_timeout: seconds(1), ..shared(1, 1) }), []);
    assert_eq!(pool.pass(seconds(1)), [terminate(a, Retirement::Idle)]);
    assert_eq!(pool.terminated(a), [start(2, "b")]);
    pool.started(2);
    assert_eq!(pool.checkout("a"), [terminate(2, Retirement::Evicted)]);
    assert_eq!(pool.terminated(2), [start(3, "a")]);
}

#[test]
fn an_unfit_member_is_not_leased_again_and_ends_with_its_last_lease() {
    let mut pool = pool(2, 1);
    pool.define("a", shared(3, 2));
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.state.mark_unfit(1, pool.now);
    assert_eq!(pool.did(), []);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    assert_eq!(pool.back(1), []);
    assert_eq!(pool.back(1), [terminate(1, Retirement::Unhealthy)]);
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
    assert_eq!(pool.back(1), [terminate(1, Retirement::Changed)]);
    assert_eq!(pool.started(3), [terminate(3, Retirement::Changed)]);
    pool.define("a", shared(1, 1));
    assert_eq!(pool.checkout("a"), [], "three members are still there");
    assert_eq!(pool.terminated(1), [start(4, "a")]);
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
    assert_eq!(pool.define("a", shared(1, 2)), [terminate(2, Retirement::Changed)]);
}

#[test]
fn draining_serves_the_waiters_and_then_ends_all_members() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { min_warm: 1, ..shared(1, 1) });
    pool.define("b", shared(1, 1));
    pool.started(1);
    pool.idle("b");
    pool.checkout("a");
    pool.checkout("a");
    pool.state.drain(pool.now);
    assert_eq!(pool.did(), [terminate(2, Retirement::Closed)]);
    assert_eq!(pool.checkout("a"), [refuse(4, Refusal::Closed)]);
    assert_eq!(pool.state.try_checkout(&"a", pool.now), None);
    assert_eq!(pool.terminated(2), []);
    assert_eq!(pool.back(1), [grant(3, 1)]);
    assert_eq!(pool.back(1), [terminate(1, Retirement::Closed)]);
    assert_eq!(pool.terminated(1), []);
    assert!(pool.state.is_empty());
}

#[test]
fn shutting_down_terminates_all_members_at_once() {
    let mut pool = pool(2, 2);
    pool.define("a", shared(1, 2));
    pool.checkout("a");
    pool.checkout("a");
    pool.checkout("a");
    pool.started(1);
    pool.state.shut_down(pool.now);
    let refusals = [2, 3].map(|ticket| refuse(ticket, Refusal::Closed));
    assert_eq!(
        pool.did(),
        [&refusals[..], &[terminate(1, Retirement::Closed), Action::Abandon { number: 2 }]].concat()
    );
    assert_eq!(pool.back(1), []);
    assert_eq!(pool.started(2), [terminate(2, Retirement::Closed)]);
    pool.terminated(1);
    assert!(!pool.state.is_empty());
    pool.terminated(2);
    assert!(pool.state.is_empty());
}
