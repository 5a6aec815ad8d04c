//! Members that end, and starts that are withdrawn, to make room for processes outside of the pool.

use super::*;
use crate::pool::state::room::NO_WARM_STARTS;

#[test]
fn an_idle_member_is_evicted_and_a_busy_one_is_not() {
    let mut pool = pool(3, 3);
    pool.define("a", shared(1, 1));
    pool.define("b", shared(1, 1));
    let (first, second) = (pool.idle("a"), pool.idle("b"));
    assert_eq!(pool.state.idle().map(|(number, _)| number).collect::<Vec<_>>(), [first, second]);
    pool.checkout("b");
    assert_eq!(pool.did(), []);
    assert!(!pool.state.evict(second, pool.now) && !pool.state.evict(99, pool.now));
    assert!(pool.state.evict(first, pool.now) && !pool.state.evict(first, pool.now));
    assert_eq!(pool.did(), [terminate(first, Retirement::Evicted)]);
    assert_eq!(pool.state.idle().count(), 0);
    assert_eq!(pool.terminated(first), []);
    assert_eq!(pool.checkout("a"), [start(3, "a")]);
}

#[test]
fn an_evicted_member_is_not_at_once_started_again_to_be_kept_warm() {
    let mut pool = pool(3, 3);
    assert_eq!(pool.define("a", Rules { min_warm: 1, ..shared(1, 1) }), [start(1, "a")]);
    pool.started(1);
    assert!(pool.state.evict(1, pool.now));
    pool.did();
    assert_eq!(pool.terminated(1), []);
    assert_eq!(pool.retries_in(), Some(NO_WARM_STARTS));
    assert_eq!(pool.pass(NO_WARM_STARTS), [start(2, "a")]);
    pool.started(2);
    assert!(pool.state.evict(2, pool.now));
    pool.did();
    pool.terminated(2);
    assert_eq!(pool.checkout("a"), [start(3, "a")], "a waiter gets its member");
}

#[test]
fn starts_beyond_those_that_waiters_need_are_a_surplus() {
    let mut pool = pool(4, 4);
    pool.define("a", shared(2, 4));
    pool.define("warm", Rules { min_warm: 1, ..shared(1, 2) });
    assert!(pool.state.surplus_starts().is_empty(), "the warm one is wanted");
    for _ in 0..3 {
        pool.checkout("a");
    }
    assert!(pool.state.surplus_starts().is_empty());
    pool.state.cancel(1, pool.now);
    assert_eq!(pool.state.surplus_starts(), [3]);
    pool.state.withdraw_start(3);
    assert_eq!((pool.state.surplus_starts(), pool.failed(3)), (vec![], vec![]));
    pool.state.cancel(2, pool.now);
    assert!(pool.state.surplus_starts().is_empty());
    pool.state.cancel(3, pool.now);
    assert_eq!(pool.state.surplus_starts(), [2]);
    assert_eq!(pool.state.stats().failed, 0, "a withdrawn start is no failure");
}

#[test]
fn a_waiter_after_a_withdrawal_gets_a_start_of_its_own() {
    let mut pool = pool(4, 4);
    pool.define("a", shared(1, 4));
    pool.checkout("a");
    pool.state.cancel(1, pool.now);
    pool.state.withdraw_start(1);
    assert_eq!(pool.checkout("a"), [start(2, "a")]);
    assert_eq!(pool.failed(1), [], "the waiter is not refused");
    assert_eq!(pool.started(2), [grant(2, 2)]);
}
