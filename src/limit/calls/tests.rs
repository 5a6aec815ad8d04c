//! The promises of the limiter, one in each test.

use super::*;

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

const ZERO: Duration = Duration::ZERO;

fn limiter(limit: u32, servers: &[(&str, Limits)]) -> CallLimiter<&'static str> {
    CallLimiter::new(limit, servers.iter().copied())
}

fn at_most(limit: u32) -> Limits {
    Limits { limit: Some(limit), rate: None }
}

/// Starts all waiters that may start.
fn started(limiter: &mut CallLimiter<&'static str>, now: Duration) -> Vec<&'static str> {
    std::iter::from_fn(|| limiter.start_next(now)).collect()
}

#[test]
fn a_full_server_stops_no_other() {
    let mut limiter = limiter(3, &[("slow", at_most(1))]);
    assert!(limiter.try_start("slow", 1, ZERO).is_some());
    assert!(limiter.try_start("slow", 1, ZERO).is_none());
    limiter.push("slow 2", "slow", 1, ZERO, None);
    assert!(!limiter.waits_for_slots(ZERO), "a higher overall limit would not help");
    assert!(
        limiter.try_start("other", 1, ZERO).is_some(),
        "the waiter of the full server comes later, and holds nothing"
    );
    limiter.release("slow", 1, ms(1));
    assert_eq!(started(&mut limiter, ms(1)), ["slow 2"]);
}

#[test]
fn a_heavy_call_at_the_head_is_not_overtaken() {
    let mut limiter = limiter(3, &[]);
    assert!(limiter.try_start("a", 2, ZERO).is_some());
    assert!(limiter.try_start("b", 2, ZERO).is_none());
    limiter.push("heavy", "b", 2, ZERO, None);
    assert!(limiter.waits_for_slots(ZERO));
    assert!(limiter.try_start("c", 1, ZERO).is_none(), "one slot is free, and the heavy call waits for it");
    limiter.push("light", "c", 1, ZERO, None);
    assert_eq!(started(&mut limiter, ms(1)), [""; 0]);
    limiter.release("a", 2, ms(2));
    assert_eq!(started(&mut limiter, ms(2)), ["heavy", "light"]);
}

#[test]
fn the_lowest_ticket_among_servers_that_may_start_goes_first() {
    let mut limiter = limiter(1, &[("paused", Limits::default())]);
    assert!(limiter.try_start("a", 1, ZERO).is_some());
    limiter.pause("paused", ms(100), ZERO);
    limiter.push("first", "paused", 1, ZERO, None);
    limiter.push("second", "b", 1, ZERO, None);
    limiter.push("third", "a", 1, ZERO, None);
    limiter.release("a", 1, ms(1));
    assert_eq!(started(&mut limiter, ms(1)), ["second"]);
    limiter.release("b", 1, ms(100));
    assert_eq!(started(&mut limiter, ms(100)), ["first"], "the pause is over, and its ticket is the lowest");
}

#[test]
fn a_pause_ends_by_itself_and_a_shorter_one_changes_nothing() {
    let mut limiter = limiter(3, &[]);
    limiter.pause("a", ms(100), ZERO);
    limiter.pause("a", ms(50), ZERO);
    limiter.push("call", "a", 1, ZERO, None);
    assert_eq!(limiter.next_time(), Some(ms(100)));
    assert_eq!(started(&mut limiter, ms(99)), [""; 0]);
    assert_eq!(limiter.servers(ms(99))[0].hold, Hold::Pause(ms(100)));
    assert_eq!(started(&mut limiter, ms(100)), ["call"]);
}

#[test]
fn a_server_that_cannot_start_stops_no_other_and_its_calls_keep_their_order() {
    let mut limiter = limiter(2, &[]);
    let first = limiter.try_start("broken", 1, ZERO).expect("a slot is free");
    let second = limiter.try_start("broken", 1, ZERO).expect("a slot is free");
    limiter.push("third", "broken", 1, ZERO, None);
    limiter.push("healthy", "healthy", 1, ZERO, None);
    limiter.hold_starts("broken", ms(500), ms(10));
    limiter.give_back("broken", 1, ms(10));
    assert_eq!(started(&mut limiter, ms(10)), ["healthy"]);
    limiter.push_at(first, "first", "broken", 1, ms(10), None);
    limiter.give_back("broken", 1, ms(11));
    limiter.push_at(second, "second", "broken", 1, ms(11), Some(ms(5000)));
    assert_eq!(started(&mut limiter, ms(499)), [""; 0]);
    assert!(!limiter.waits_for_slots(ms(499)), "a higher overall limit would not help");
    let broken = limiter.servers(ms(499)).remove(0);
    assert_eq!((broken.hold, broken.start_left), (Hold::Start(ms(500)), ms(1)));
    assert_eq!(limiter.next_time(), Some(ms(500)));
    limiter.release("healthy", 1, ms(500));
    assert_eq!(started(&mut limiter, ms(500)), ["first", "second"]);
}

#[test]
fn the_latest_word_about_the_next_start_counts_and_a_pause_goes_before_it() {
    let mut limiter = limiter(2, &[]);
    limiter.push("call", "a", 1, ZERO, None);
    limiter.hold_starts("a", ms(500), ZERO);
    limiter.hold_starts("a", ms(100), ZERO);
    limiter.pause("a", ms(50), ZERO);
    assert_eq!(limiter.servers(ZERO)[0].hold, Hold::Pause(ms(50)));
    assert_eq!(started(&mut limiter, ms(50)), [""; 0]);
    assert_eq!(limiter.servers(ms(50))[0].hold, Hold::Start(ms(100)));
    assert_eq!(started(&mut limiter, ms(100)), ["call"]);
}

#[test]
fn a_call_that_gives_its_slots_back_unsent_does_not_count_in_the_rate() {
    let rate = Some(Rate { limit: 1, interval: ms(1000) });
    let mut limiter = limiter(2, &[("a", Limits { limit: None, rate })]);
    let ticket = limiter.try_start("a", 1, ZERO).expect("a slot is free");
    limiter.give_back("a", 1, ZERO);
    limiter.push_at(ticket, "again", "a", 1, ZERO, None);
    assert_eq!(started(&mut limiter, ZERO), ["again"]);
}

#[test]
fn waiters_for_a_start_fill_the_queue_only_beyond_the_free_slots() {
    let mut limiter = limiter(2, &[]);
    limiter.hold_starts("broken", ms(500), ZERO);
    for waiter in ["1", "2", "3"] {
        limiter.push(waiter, "broken", 1, ZERO, None);
    }
    let with = |limiter: &CallLimiter<_>, now| ["broken", "healthy"].map(|server| limiter.queued_with(server, now));
    assert_eq!(with(&limiter, ZERO), [2, 2]);
    assert!(limiter.try_start("healthy", 1, ZERO).is_some());
    assert_eq!(with(&limiter, ZERO), [3, 3]);
    limiter.hold_starts("broken", ms(1), ms(1));
    assert_eq!(with(&limiter, ms(1)), [4, 4]);
}

#[test]
fn a_call_may_wait_for_a_start_beside_free_slots_though_nothing_else_may_wait() {
    let mut limiter = limiter(1, &[]);
    limiter.hold_starts("broken", ms(500), ZERO);
    assert_eq!((limiter.queued_with("broken", ZERO), limiter.queued_with("healthy", ZERO)), (0, 1));
    limiter.push("call", "broken", 1, ZERO, None);
    assert_eq!((limiter.queued_with("broken", ZERO), limiter.queued_with("healthy", ZERO)), (1, 1));
}

#[test]
fn servers_without_limits_are_forgotten_when_they_are_idle() {
    let mut limiter = limiter(3, &[("kept", at_most(2))]);
    assert!(limiter.try_start("a", 1, ZERO).is_some());
    limiter.release("a", 1, ms(1));
    limiter.pause("b", ms(100), ms(1));
    limiter.hold_starts("d", ms(50), ms(1));
    limiter.push("call", "c", 1, ms(1), Some(ms(1)));
    assert_eq!(limiter.expire(ms(2)), Some(("call", ms(1))));
    let names = |limiter: &mut CallLimiter<_>, now| {
        limiter.servers(now).into_iter().map(|server| server.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&mut limiter, ms(2)), ["b", "d", "kept"]);
    assert_eq!(names(&mut limiter, ms(50)), ["b", "kept"]);
    assert_eq!(names(&mut limiter, ms(100)), ["kept"]);
}

#[test]
fn a_call_that_costs_more_than_a_lowered_limit_runs_alone() {
    let mut limiter = limiter(4, &[]);
    assert!(limiter.try_start("a", 1, ZERO).is_some());
    limiter.push("heavy", "b", 4, ZERO, None);
    limiter.resize(2);
    assert_eq!(started(&mut limiter, ms(1)), [""; 0]);
    limiter.release("a", 1, ms(1));
    assert_eq!(started(&mut limiter, ms(1)), ["heavy"]);
    assert!(limiter.try_start("a", 1, ms(1)).is_none());
}

#[test]
fn a_waiter_that_leaves_makes_way_for_the_next_of_its_server() {
    let mut limiter = limiter(3, &[("a", at_most(2))]);
    assert!(limiter.try_start("a", 1, ZERO).is_some());
    let heavy = limiter.push("heavy", "a", 2, ZERO, None);
    limiter.push("light", "a", 1, ZERO, None);
    assert_eq!(started(&mut limiter, ms(1)), [""; 0]);
    assert_eq!(limiter.cancel(heavy, ms(1)), Some("heavy"));
    assert_eq!(limiter.cancel(heavy, ms(1)), None);
    assert_eq!(started(&mut limiter, ms(1)), ["light"]);
}

#[test]
fn all_waiters_are_taken_out_in_the_order_of_arrival() {
    let mut limiter = limiter(1, &[]);
    assert!(limiter.try_start("a", 1, ZERO).is_some());
    for (waiter, server) in [("1", "b"), ("2", "a"), ("3", "b")] {
        limiter.push(waiter, server, 1, ZERO, Some(ms(5)));
    }
    assert_eq!(limiter.clear(ms(1)), ["1", "2", "3"]);
    assert_eq!((limiter.queued(), limiter.next_time()), (0, None));
}
