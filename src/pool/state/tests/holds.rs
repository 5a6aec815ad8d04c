//! Holds: members that stay although no lease of theirs is out.

use super::*;

/// Starts a member of `key`, and turns its lease into a hold.
fn held(pool: &mut Bench, key: &'static str, number: u64) {
    assert_eq!(pool.checkout(key), [start(number, key)]);
    pool.state.started(number, pool.now);
    assert_eq!(pool.did().len(), 1);
    pool.state.hold(number, pool.now);
    assert_eq!(pool.did(), []);
}

#[test]
fn a_held_member_takes_leases_and_is_not_idle() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { max_in_flight: 1, idle_timeout: seconds(10), ..Rules::default() });
    held(&mut pool, "a", 1);
    assert_eq!(pool.state.try_checkout(&"a", pool.now), Some(1));
    pool.state.give_back(1, Return::Used, pool.now);
    pool.now += seconds(100);
    pool.state.tick(pool.now);
    assert_eq!(pool.did(), []);
    pool.state.give_back(1, Return::Held, pool.now);
    pool.now += seconds(9);
    pool.state.tick(pool.now);
    assert_eq!(pool.did(), []);
    pool.now += seconds(1);
    pool.state.tick(pool.now);
    assert_eq!(pool.did(), [terminate(1, Retirement::Idle)]);
}

#[test]
fn a_held_member_is_not_evicted_before_its_hold_is_back() {
    let mut pool = pool(1, 1);
    pool.define("a", shared(1, 1));
    pool.define("b", shared(1, 1));
    held(&mut pool, "a", 1);
    assert_eq!(pool.checkout("b"), []);
    assert!(!pool.state.evict(1, pool.now));
    pool.state.give_back(1, Return::Held, pool.now);
    assert_eq!(pool.did(), [terminate(1, Retirement::Evicted)]);
}

#[test]
fn a_held_member_ends_for_every_other_reason() {
    let mut pool = pool(2, 2);
    pool.define("a", Rules { max_lifetime: Some(seconds(10)), idle_timeout: Duration::MAX, ..Rules::default() });
    held(&mut pool, "a", 1);
    pool.now += seconds(20);
    pool.state.tick(pool.now);
    assert_eq!(pool.did(), [terminate(1, Retirement::Lifetime)]);
    held(&mut pool, "a", 2);
    pool.state.drain(pool.now);
    assert_eq!(pool.did(), [terminate(2, Retirement::Closed)]);
    pool.state.give_back(2, Return::Held, pool.now);
    pool.state.terminated(2, pool.now);
    pool.state.terminated(1, pool.now);
    assert!(pool.state.is_empty());
}
