//! The pool over members that are plain values, with a clock that the tests move.

mod workers;

use super::{Limits, MemberState, Pool, Refusal, Retirement, Rules};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{advance, sleep, timeout};
use workers::{END, Event, START, Workers};

type TestPool = Pool<Arc<Workers>>;

fn pool_of(workers: Workers, max_members: usize) -> TestPool {
    Pool::new(Arc::new(workers), Limits { max_members, max_starting: 2 }, Handle::current())
}

fn pool(max_members: usize) -> TestPool {
    pool_of(Workers::default(), max_members)
}

fn events(pool: &TestPool) -> Vec<Event> {
    std::mem::take(&mut pool.factory().events.lock())
}

fn states(pool: &TestPool) -> Vec<MemberState> {
    pool.status().iter().map(|member| member.state).collect()
}

/// Lets everything happen that can happen without time passing.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_is_started_leased_given_back_and_terminated_when_idle() {
    let pool = pool(5);
    pool.define("a", Rules::default());
    assert!(pool.try_checkout(&"a").is_none(), "nothing is there yet");
    let lease = pool.checkout(&"a").await.expect("started");
    assert_eq!((lease.number(), lease.member().number), (1, 1));
    assert_eq!(states(&pool), [MemberState::Busy]);
    drop(lease);
    assert_eq!(states(&pool), [MemberState::Idle]);
    assert_eq!(pool.try_checkout(&"a").expect("idle").number, 1);
    let member = pool.status().remove(0);
    assert_eq!((member.uses, member.in_flight, member.age), (2, 0, START));
    sleep(Duration::from_secs(31)).await;
    assert_eq!(events(&pool), [Event::Start(1), Event::Terminate(1, Retirement::Idle), Event::Terminated(1)]);
    assert!(pool.status().is_empty());
    let stats = pool.stats();
    assert_eq!((stats.created, stats.reused, stats.retired[&Retirement::Idle]), (1, 1, 1));
}

#[tokio::test(start_paused = true)]
async fn there_is_one_timer_while_something_is_due() {
    let pool = pool(5);
    let has_timer = || pool.timer().is_some();
    let lifetime = Some(Duration::from_secs(20));
    pool.define("a", Rules { max_in_flight: 2, max_lifetime: lifetime, ..Rules::default() });
    assert!(!has_timer());
    let first = pool.checkout(&"a").await.expect("started");
    let until = pool.timer().expect("its lifetime");
    let second = pool.checkout(&"a").await.expect("shared");
    drop((first, second));
    assert_eq!(pool.timer(), Some(until), "it may be idle for longer than that");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 2, "the timer and the watcher of the member");
    sleep(Duration::from_secs(25)).await;
    assert!(pool.status().is_empty());
    assert!(!has_timer());
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 0);
}

async fn served(
    checkout: impl Future<Output = Result<super::Lease<Arc<Workers>>, Refusal<String>>>,
    name: &'static str,
    order: Arc<Mutex<Vec<&'static str>>>,
) {
    let _lease = checkout.await.expect("served");
    order.lock().push(name);
}

#[tokio::test(start_paused = true)]
async fn waiters_are_queued_in_the_order_of_calls_not_of_polls() {
    let pool = pool(1);
    pool.define("a", Rules::default());
    let held = pool.checkout(&"a").await.expect("started");
    let (first, second) = (pool.checkout(&"a"), pool.checkout(&"a"));
    assert_eq!(pool.queued(), 2);
    let order = Arc::new(Mutex::new(Vec::new()));
    let wait = |name, checkout| tokio::spawn(served(checkout, name, Arc::clone(&order)));
    let waits = (wait("second", second), wait("first", first));
    drop(held);
    waits.0.await.expect("served");
    waits.1.await.expect("served");
    assert_eq!(*order.lock(), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn dropping_a_checkout_leaves_the_queue_and_gives_the_lease_back() {
    let pool = pool(1);
    pool.define("a", Rules { max_uses: Some(2), ..Rules::default() });
    let held = pool.checkout(&"a").await.expect("started");
    let (left, granted, next) = (pool.checkout(&"a"), pool.checkout(&"a"), pool.checkout(&"a"));
    drop(left);
    assert_eq!(pool.queued(), 2);
    drop(held);
    assert_eq!((pool.queued(), pool.status()[0].uses), (1, 2), "granted, but not delivered");
    drop(granted);
    assert_eq!(pool.status()[0].uses, 2, "the undelivered one does not count");
    let lease = next.await.expect("handed on");
    assert_eq!(lease.number(), 1);
    drop(lease);
    pool.drain().await;
    assert_eq!(events(&pool)[1], Event::Terminate(1, Retirement::Uses));
}

#[tokio::test(start_paused = true)]
async fn a_checkout_cancelled_during_the_start_loses_neither_member_nor_capacity() {
    let pool = pool(1);
    pool.define("a", Rules::default());
    assert!(tokio::time::timeout(START / 2, pool.checkout(&"a")).await.is_err());
    sleep(START).await;
    assert_eq!(states(&pool), [MemberState::Idle]);
    assert_eq!(pool.try_checkout(&"a").expect("idle").number, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_or_panicking_start_refuses_all_its_waiters() {
    let workers = Workers { fail: HashSet::from([1]), panic: HashSet::from([2]), ..Workers::default() };
    let pool = pool_of(workers, 1);
    pool.define("a", Rules { max_in_flight: 2, ..Rules::default() });
    let (first, second) = tokio::join!(pool.checkout(&"a"), pool.checkout(&"a"));
    for refused in [first, second] {
        assert_eq!(refused.err(), Some(Refusal::Start("a 1".to_owned())));
    }
    assert_eq!(pool.checkout(&"a").await.err(), Some(Refusal::Start("a panicked".to_owned())));
    assert_eq!(pool.checkout(&"a").await.expect("no capacity was lost").number, 3);
    assert_eq!(pool.stats().failed, 2);
}

/// Reading the status between a deadline and its timer must not take the timer away, because nothing else would go on.
#[tokio::test(start_paused = true)]
async fn reading_the_status_at_a_deadline_does_not_delay_it() {
    let pool = pool_of(Workers { fail: HashSet::from([1]), ..Workers::default() }, 1);
    pool.define("a", Rules::default());
    assert!(pool.checkout(&"a").await.is_err());
    let waiting = tokio::spawn(pool.checkout(&"a"));
    settle().await;
    // Runs when the clock has moved, and before the runtime has looked at its timers.
    let looking = tokio::spawn({
        let pool = pool.clone();
        async move { pool.status().len() }
    });
    advance(Duration::from_secs(1)).await;
    assert_eq!(looking.await.expect("it looked"), 0);
    assert!(timeout(Duration::from_mins(1), waiting).await.is_ok(), "the start is tried again");
}

#[tokio::test(start_paused = true)]
async fn too_many_failures_open_the_circuit_which_closes_again() {
    let pool = pool_of(Workers { fail: (1..=5).collect(), ..Workers::default() }, 1);
    pool.define("a", Rules::default());
    for number in 1..=5 {
        assert_eq!(pool.checkout(&"a").await.err(), Some(Refusal::Start(format!("a {number}"))));
    }
    let unavailable = Refusal::Unavailable { retry_after: Duration::from_secs(30), last: "a 5".to_owned() };
    assert_eq!(pool.checkout(&"a").await.err(), Some(unavailable));
    sleep(Duration::from_secs(30)).await;
    assert_eq!(pool.checkout(&"a").await.expect("closed again").number, 6);
}

#[tokio::test(start_paused = true)]
async fn a_crash_frees_capacity_and_makes_its_leases_inert() {
    let pool = pool(1);
    pool.define("a", Rules { max_in_flight: 2, ..Rules::default() });
    let (first, second) = tokio::join!(pool.checkout(&"a"), pool.checkout(&"a"));
    let (first, second) = (first.expect("started"), second.expect("started"));
    first.crash.notify_one();
    settle().await;
    assert!(pool.status().is_empty());
    let third = pool.checkout(&"a").await.expect("started anew");
    drop((first, second));
    assert_eq!((third.number(), pool.status()[0].in_flight), (2, 1));
    assert_eq!(pool.stats().retired[&Retirement::Exited], 1);
    assert_eq!(events(&pool), [Event::Start(1), Event::Start(2)], "a member that exited is not terminated");
}

#[tokio::test(start_paused = true)]
async fn an_unfit_member_ends_with_its_last_lease() {
    let pool = pool(2);
    pool.define("a", Rules { max_in_flight: 2, ..Rules::default() });
    let (first, second) = tokio::join!(pool.checkout(&"a"), pool.checkout(&"a"));
    let first = first.expect("started");
    first.mark_unfit();
    drop(first);
    assert!(pool.try_checkout(&"a").is_none());
    assert_eq!(states(&pool), [MemberState::Busy]);
    drop(second);
    assert_eq!(states(&pool), [MemberState::Ending]);
    sleep(END * 2).await;
    assert_eq!(events(&pool), [Event::Start(1), Event::Terminate(1, Retirement::Unhealthy), Event::Terminated(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_member_found_unfit_is_not_leased_again() {
    let pool = pool(2);
    pool.define("a", Rules::default());
    let (busy, idle) = tokio::join!(pool.checkout(&"a"), pool.checkout(&"a"));
    let (busy, idle) = (busy.expect("started"), idle.expect("started").member());
    for member in [&busy.member(), &idle] {
        member.misbehave.notify_one();
    }
    settle().await;
    assert_eq!(states(&pool), [MemberState::Busy, MemberState::Ending]);
    busy.crash.notify_one();
    settle().await;
    assert_eq!(states(&pool), [MemberState::Ending], "it is still watched");
}

#[tokio::test(start_paused = true)]
async fn a_retired_key_refuses_its_waiters() {
    let pool = pool(1);
    pool.define("a", Rules::default());
    let (held, waiting) = (pool.checkout(&"a").await.expect("started"), pool.checkout(&"a"));
    pool.retire(&"a");
    assert_eq!(waiting.await.err(), Some(Refusal::Unknown));
    assert_eq!(states(&pool), [MemberState::Busy]);
    drop(held);
    pool.drain().await;
    assert_eq!(events(&pool)[1..], [Event::Terminate(1, Retirement::Changed), Event::Terminated(1)]);
    assert_eq!(pool.checkout(&"a").await.err(), Some(Refusal::Closed));
}

#[tokio::test(start_paused = true)]
async fn draining_serves_the_waiters_and_resolves_after_the_last_member() {
    let pool = pool(1);
    pool.define("a", Rules::default());
    let (held, waiting) = (pool.checkout(&"a").await.expect("started"), pool.checkout(&"a"));
    let drained = tokio::spawn({
        let pool = pool.clone();
        async move { pool.drain().await }
    });
    settle().await;
    assert_eq!(pool.checkout(&"a").await.err(), Some(Refusal::Closed));
    drop(held);
    drop(waiting.await.expect("served"));
    assert!(!drained.is_finished());
    drained.await.expect("drained");
    assert!(pool.factory().alive.lock().is_empty());
}

#[tokio::test(start_paused = true)]
async fn shutting_down_terminates_busy_members_and_abandons_starts() {
    let pool = pool(2);
    pool.define("a", Rules::default());
    let held = pool.checkout(&"a").await.expect("started");
    let (starting, waiting) = (pool.checkout(&"a"), pool.checkout(&"a"));
    settle().await;
    advance(START / 2).await;
    tokio::join!(pool.shut_down(), pool.shut_down());
    for refused in [starting.await, waiting.await] {
        assert_eq!(refused.err(), Some(Refusal::Closed));
    }
    assert!(pool.status().is_empty());
    assert!(pool.factory().alive.lock().is_empty());
    let events = events(&pool);
    for event in [Event::Terminate(1, Retirement::Closed), Event::Abandoned(2), Event::Terminated(2)] {
        assert!(events.contains(&event), "{event:?} in {events:?}");
    }
    drop(held);
    assert!(pool.timer().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_dropped_pool_keeps_nothing() {
    let pool = pool(1);
    pool.define("a", Rules::default());
    let lease = pool.checkout(&"a").await.expect("started");
    let workers = Arc::downgrade(pool.factory());
    drop(pool);
    settle().await;
    assert!(workers.upgrade().is_some(), "the lease keeps it");
    drop(lease);
    settle().await;
    assert!(workers.upgrade().is_none());
}
