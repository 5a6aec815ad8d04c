//! One test for each promise; time is a number that the test sets.

use super::{Acquired, Semaphore, Status};
use std::num::NonZeroU32;
use std::time::Duration;

fn slots(limit: u32) -> Semaphore<&'static str> {
    Semaphore::new(NonZeroU32::new(limit).expect("positive"), None)
}

const fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn wait(semaphore: &mut Semaphore<&'static str>, who: &'static str, timeout: Option<Duration>) -> u64 {
    match semaphore.acquire(who, at(0), timeout) {
        Ok(Acquired::Queued(ticket)) => ticket,
        other => panic!("{who} should have queued, got {other:?}"),
    }
}

#[test]
fn hands_slots_over_first_come_first_served() {
    let mut semaphore = slots(1);
    assert_eq!(semaphore.acquire("a", at(0), None).expect("free"), Acquired::Now("a"));
    wait(&mut semaphore, "b", None);
    wait(&mut semaphore, "c", None);
    assert!(!semaphore.try_acquire());
    assert_eq!(semaphore.release().expect("held"), Some("b"));
    assert!(!semaphore.try_acquire(), "the slot went to b, nobody may barge in");
    assert_eq!(semaphore.release().expect("held"), Some("c"));
    assert_eq!(semaphore.release().expect("held"), None);
    assert_eq!(semaphore.status(), Status { limit: 1, current: 0, queued: 0, available: 1 });
}

#[test]
fn expires_by_deadline_not_by_arrival() {
    let mut semaphore = slots(1);
    assert!(semaphore.try_acquire());
    wait(&mut semaphore, "patient", Some(at(100)));
    wait(&mut semaphore, "hasty", Some(at(10)));
    wait(&mut semaphore, "eternal", None);
    assert_eq!(semaphore.next_deadline(), Some(at(10)));
    assert_eq!(semaphore.expire(at(9)), None);
    assert_eq!(semaphore.expire(at(100)), Some(("hasty", at(10))));
    assert_eq!(semaphore.expire(at(100)), Some(("patient", at(100))));
    assert_eq!(semaphore.expire(Duration::MAX), None);
    assert_eq!(semaphore.status().queued, 1);
    assert_eq!(semaphore.release().expect("held"), Some("eternal"));
}

#[test]
fn a_cancelled_waiter_is_never_given_a_slot() {
    let mut semaphore = slots(1);
    assert!(semaphore.try_acquire());
    let ticket = wait(&mut semaphore, "gone", Some(at(10)));
    wait(&mut semaphore, "next", Some(at(20)));
    assert_eq!(semaphore.cancel(ticket), Some("gone"));
    assert_eq!(semaphore.cancel(ticket), None);
    assert_eq!(semaphore.status().queued, 1);
    assert_eq!(semaphore.next_deadline(), Some(at(20)));
    assert_eq!(semaphore.release().expect("held"), Some("next"));
}

#[test]
fn release_without_acquire_changes_nothing() {
    let mut semaphore = slots(2);
    assert_eq!(semaphore.release().expect_err("nothing held").code(), "ERR_NOT_ACQUIRED");
    assert_eq!(semaphore.status(), Status { limit: 2, current: 0, queued: 0, available: 2 });
}

#[test]
fn a_full_queue_refuses_and_frees_up_again() {
    let mut semaphore = Semaphore::new(NonZeroU32::MIN, Some(NonZeroU32::MIN));
    assert!(semaphore.try_acquire());
    let ticket = wait(&mut semaphore, "first", None);
    let (waiter, error) = semaphore.acquire("second", at(0), None).expect_err("full");
    assert_eq!((waiter, error.code()), ("second", "ERR_QUEUE_FULL"));
    semaphore.cancel(ticket);
    wait(&mut semaphore, "third", None);
}

#[test]
fn growing_admits_waiters_and_shrinking_waits_for_releases() {
    let mut semaphore = slots(1);
    assert!(semaphore.try_acquire());
    wait(&mut semaphore, "b", None);
    wait(&mut semaphore, "c", None);
    wait(&mut semaphore, "d", None);
    semaphore.resize(NonZeroU32::new(3).expect("positive"));
    assert_eq!((semaphore.grant(), semaphore.grant(), semaphore.grant()), (Some("b"), Some("c"), None));
    semaphore.resize(NonZeroU32::MIN);
    assert_eq!(semaphore.status(), Status { limit: 1, current: 3, queued: 1, available: 0 });
    assert_eq!(semaphore.release().expect("held"), None);
    assert_eq!(semaphore.release().expect("held"), None);
    assert_eq!(semaphore.release().expect("held"), Some("d"));
}

#[test]
fn closing_returns_the_waiters_in_order_and_drains_what_is_held() {
    let mut semaphore = slots(1);
    assert!(semaphore.try_acquire());
    wait(&mut semaphore, "b", Some(at(5)));
    wait(&mut semaphore, "c", None);
    assert_eq!(semaphore.close().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(semaphore.next_deadline(), None);
    assert_eq!(semaphore.acquire("d", at(0), None).expect_err("closed").1.code(), "ERR_CLOSED");
    assert_eq!(semaphore.release().expect("held"), None);
    assert!(!semaphore.try_acquire());
    assert_eq!(semaphore.close().count(), 0);
}

#[test]
fn a_timeout_past_the_end_of_time_is_for_ever() {
    let mut semaphore = slots(1);
    assert!(semaphore.try_acquire());
    semaphore.acquire("b", Duration::MAX, Some(Duration::MAX)).expect("queued");
    assert_eq!(semaphore.next_deadline(), Some(Duration::MAX));
}
