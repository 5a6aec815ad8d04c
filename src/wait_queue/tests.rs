//! Tests with a clock that is a number.

use super::{SPARE, WaitQueue};
use std::time::Duration;

const fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn waiters_leave_in_the_order_of_arrival() {
    let mut queue = WaitQueue::default();
    for who in ["a", "b", "c"] {
        queue.push(who, at(0), None);
    }
    assert_eq!((queue.len(), queue.is_empty()), (3, false));
    assert_eq!([queue.pop(), queue.pop(), queue.pop(), queue.pop()], [Some("a"), Some("b"), Some("c"), None]);
    assert_eq!((queue.len(), queue.is_empty()), (0, true));
}

#[test]
fn waiters_expire_in_the_order_of_deadlines() {
    let mut queue = WaitQueue::default();
    queue.push("patient", at(0), Some(at(100)));
    queue.push("hasty", at(0), Some(at(10)));
    queue.push("eternal", at(0), None);
    assert_eq!(queue.next_deadline(), Some(at(10)));
    assert_eq!(queue.expire(at(9)), None);
    assert_eq!(queue.expire(at(100)), Some(("hasty", at(10))));
    assert_eq!(queue.expire(at(100)), Some(("patient", at(100))));
    assert_eq!(queue.expire(Duration::MAX), None);
    assert_eq!(queue.len(), 1);
    assert_eq!(queue.pop(), Some("eternal"));
}

#[test]
fn a_cancelled_waiter_does_not_come_back() {
    let mut queue = WaitQueue::default();
    let ticket = queue.push("gone", at(0), Some(at(10)));
    assert_eq!(queue.last_ticket(), ticket);
    queue.push("next", at(0), Some(at(20)));
    assert_eq!(queue.cancel(ticket), Some("gone"));
    assert_eq!(queue.cancel(ticket), None);
    assert_eq!(queue.len(), 1);
    assert_eq!(queue.next_deadline(), Some(at(20)));
    assert_eq!(queue.pop(), Some("next"));
    assert_eq!(queue.next_deadline(), None);
}

#[test]
fn a_timeout_past_the_end_of_time_is_for_ever() {
    let mut queue = WaitQueue::default();
    queue.push("b", Duration::MAX, Some(Duration::MAX));
    assert_eq!(queue.next_deadline(), Some(Duration::MAX));
}

#[test]
fn empty_entries_do_not_pile_up() {
    let mut queue = WaitQueue::default();
    queue.push(0, at(0), Some(Duration::MAX));
    for who in 1..10_000 {
        let ticket = queue.push(who, at(0), Some(at(60_000)));
        // The first stays, and so does one behind each that leaves.
        queue.push(who, at(0), Some(at(60_000)));
        assert_eq!(queue.cancel(ticket), Some(who));
        assert_eq!(queue.cancel(ticket + 1), Some(who));
        assert!(queue.entries.len() <= 2 * queue.len() + SPARE, "{} entries", queue.entries.len());
        assert!(queue.deadlines.len() <= 2 * queue.len() + SPARE, "{} deadlines", queue.deadlines.len());
    }
    assert_eq!((queue.len(), queue.pop()), (1, Some(0)));
}
