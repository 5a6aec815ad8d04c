//! Failed starts and crashes, and the pauses after them.

use super::*;

#[test]
fn a_failed_start_refuses_the_waiters_that_it_would_have_served() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(2, 5));
    for _ in 0..5 {
        pool.checkout("a");
    }
    let refused = |tickets: [Ticket; 2]| tickets.map(|ticket| refuse(ticket, Refusal::Start("failed")));
    assert_eq!(pool.failed(2), refused([3, 4]), "the first two wait for member 1");
    assert_eq!(pool.failed(1), refused([1, 2]));
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
fn the_first_crash_is_followed_by_a_start_at_once_and_the_next_by_pauses() {
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
fn a_crash_that_its_user_reports_counts_once() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(2, 1));
    for number in 1..=5 {
        pool.checkout("a");
        pool.checkout("a");
        pool.pass(seconds(10));
        pool.started(number);
        pool.state.mark_exited(number, "crashed", pool.now);
        pool.state.mark_exited(number, "crashed", pool.now);
        assert_eq!(pool.did(), []);
        pool.back(number);
        if number % 2 == 0 {
            pool.exited(number);
            pool.back(number);
        } else {
            assert_eq!(pool.back(number), [terminate(number, Retirement::Exited)]);
            pool.terminated(number);
        }
    }
    let refused = pool.checkout("a");
    assert!(matches!(refused[..], [Action::Refuse { refusal: Refusal::Unavailable { .. }, .. }]), "{refused:?}");
}

#[test]
fn failures_with_a_success_between_them_are_not_in_a_row() {
    let mut pool = pool(5, 2);
    pool.define("a", Rules { max_uses: Some(1), ..shared(1, 1) });
    for number in (1..=20).step_by(2) {
        assert_eq!(pool.checkout("a"), [start(number, "a")]);
        pool.started(number);
        pool.state.mark_exited(number, "crashed", pool.now);
        assert_eq!(pool.back(number), [terminate(number, Retirement::Exited)]);
        pool.terminated(number);
        pool.checkout("a");
        pool.started(number + 1);
        assert_eq!(pool.back(number + 1), [terminate(number + 1, Retirement::Uses)]);
        pool.terminated(number + 1);
    }
}

#[test]
fn an_open_circuit_refuses_no_waiter_while_another_member_serves() {
    let mut pool = pool(5, 5);
    pool.define("a", shared(1, 2));
    pool.checkout("a");
    pool.started(1);
    for number in 2..=6 {
        let extra = pool.state.checkout(&"a", false, pool.now);
        pool.did();
        pool.pass(seconds(4));
        assert_eq!(pool.failed(number).first(), Some(&refuse(extra, Refusal::Start("failed"))));
    }
    assert_eq!(pool.checkout("a"), [], "member 1 will be back");
    assert_eq!(pool.back(1), [grant(7, 1)]);
    assert_eq!(pool.checkout("a"), []);
    let actions = pool.exited(1);
    assert!(matches!(actions[..], [Action::Refuse { ticket: 8, refusal: Refusal::Unavailable { .. } }]), "{actions:?}");
}

#[test]
fn leases_of_a_crashed_member_change_nothing() {
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
fn a_waiter_that_yields_is_refused_while_only_the_end_of_a_pause_could_help_it() {
    let paused = |ticket, ms| refuse(ticket, Refusal::Paused { left: Duration::from_millis(ms) });
    let mut pool = pool(5, 2);
    pool.define("a", shared(1, 1));
    assert_eq!(pool.checkout_yielding("a"), [start(1, "a")]);
    assert_eq!(pool.checkout_yielding("a"), [], "the start goes on");
    assert_eq!(pool.checkout("a"), []);
    assert_eq!(pool.checkout_yielding("a"), []);
    let refused = [refuse(1, Refusal::Start("failed")), paused(2, 500), paused(4, 500)];
    assert_eq!(pool.failed(1), refused, "waiter 3 does not yield");
    pool.now += Duration::from_millis(200);
    assert_eq!(pool.checkout_yielding("a"), [paused(5, 300)]);
    assert_eq!(pool.pass(Duration::from_millis(300)), [start(2, "a")]);
    assert_eq!(pool.started(2), [grant(3, 2)]);
    assert_eq!(pool.checkout_yielding("a"), [], "the member will be back");
    assert_eq!(pool.back(2), [grant(6, 2)]);
}

#[test]
fn a_waiter_that_yields_waits_for_a_member_that_serves_or_comes() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(1, 2));
    pool.checkout_yielding("a");
    pool.checkout_yielding("a");
    pool.checkout_yielding("a");
    assert_eq!(pool.failed(1), [refuse(1, Refusal::Start("failed"))], "member 2 is starting");
    assert_eq!(pool.started(2), [grant(2, 2), start(3, "a")]);
    assert_eq!(pool.failed(3), [refuse(3, Refusal::Start("failed"))]);
    assert_eq!(pool.checkout_yielding("a"), [], "member 2 will be back");
    assert_eq!(pool.exited(2), [refuse(4, Refusal::Paused { left: seconds(2) })], "the third failure in a row");
}

#[test]
fn after_too_many_failures_a_waiter_that_yields_gets_the_last_one() {
    let mut pool = pool(5, 2);
    pool.define("a", shared(1, 1));
    for number in 1..=5 {
        assert_eq!(pool.checkout_yielding("a"), [start(number, "a")]);
        pool.failed(number);
        pool.now += seconds(if number == 5 { 1 } else { 4 });
    }
    let unavailable = Refusal::Unavailable { retry_after: seconds(29), last: "failed" };
    assert_eq!(pool.checkout_yielding("a"), [refuse(6, unavailable)]);
}
