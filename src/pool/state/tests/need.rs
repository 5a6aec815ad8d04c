//! The question whether a waiter that is on its way needs a start.

use super::*;

/// Members of a key whose members take two leases each: their starts, and their leases.
fn with(instances: u32, members: &[Option<u32>], waiters: usize) -> Bench {
    let mut pool = pool(9, 9);
    pool.define("a", Rules { max_in_flight: 2, instances, idle_timeout: Duration::MAX, ..Rules::default() });
    for leases in members {
        let Some(Action::Start { number, .. }) = pool.checkout("a").pop() else { panic!("a start") };
        // The start's own waiter is served, or stays with its start.
        let Some(leases) = leases else { continue };
        pool.started(number);
        pool.back(number);
        for _ in 0..*leases {
            pool.checkout("a");
        }
    }
    for _ in 0..waiters {
        pool.checkout("a");
    }
    pool
}

#[test]
fn a_start_is_needed_where_sessions_and_reserved_starts_do_not_suffice() {
    let (busy, one, idle, starting) = (Some(2), Some(1), Some(0), None);
    for (members, waiters, ahead, reserved, expected) in [
        (&[][..], 0, 0, 0, true),
        // A reserved start serves two calls.
        (&[], 0, 0, 1, false),
        (&[], 0, 1, 1, false),
        (&[], 0, 2, 1, true),
        (&[idle], 0, 1, 0, false),
        (&[idle], 0, 2, 0, true),
        (&[one], 0, 0, 0, false),
        (&[one], 0, 1, 0, true),
        (&[busy], 0, 0, 0, true),
        (&[busy], 0, 1, 1, false),
        // A start serves its own waiter, and one more.
        (&[starting], 0, 0, 0, false),
        (&[starting], 0, 1, 0, true),
        (&[starting], 1, 0, 0, true),
        (&[busy, starting], 0, 0, 0, false),
    ] {
        let pool = with(5, members, waiters);
        let needs = pool.state.needs_start(&"a", ahead, reserved, |_| false);
        assert_eq!(needs, expected, "{members:?}, {waiters} waiting, {ahead} ahead, {reserved} reserved");
    }
}

#[test]
fn no_start_is_needed_beyond_the_instances() {
    assert!(!with(1, &[Some(2)], 0).state.needs_start(&"a", 5, 0, |_| false));
    assert!(!with(1, &[], 0).state.needs_start(&"a", 5, 1, |_| false));
    assert!(with(2, &[Some(2)], 0).state.needs_start(&"a", 0, 0, |_| false));
}

#[test]
fn a_start_that_waits_for_its_admission_counts_for_nothing() {
    let pool = with(1, &[None], 0);
    assert!(pool.state.needs_start(&"a", 0, 0, |_| true));
    assert!(!pool.state.needs_start(&"a", 0, 0, |_| false));
}

#[test]
fn a_spent_or_ending_member_and_an_unknown_key_serve_nothing() {
    let mut pool = with(1, &[Some(0)], 0);
    assert!(!pool.state.needs_start(&"b", 0, 0, |_| false), "an unknown key starts nothing");
    pool.define("a", Rules { max_in_flight: 2, max_uses: Some(2), ..Rules::default() });
    assert!(!pool.state.needs_start(&"a", 0, 0, |_| false), "one use of two is left");
    assert!(pool.state.needs_start(&"a", 1, 0, |_| false));
    pool.exited(1);
    assert!(pool.state.needs_start(&"a", 0, 0, |_| false));
}
