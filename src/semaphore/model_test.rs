//! Random sequences of operations against a model that is plain enough to be right by reading it.

use super::{Acquired, Semaphore};
use proptest::prelude::*;
use std::num::NonZeroU32;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Operation {
    TryAcquire,
    Acquire { timeout: Option<u64> },
    Release,
    Cancel { nth: usize },
    Pass { ms: u64 },
    Resize { limit: u32 },
    Close,
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        2 => Just(Operation::TryAcquire),
        8 => proptest::option::of(1..50u64).prop_map(|timeout| Operation::Acquire { timeout }),
        6 => Just(Operation::Release),
        3 => (0..8usize).prop_map(|nth| Operation::Cancel { nth }),
        3 => (1..40u64).prop_map(|ms| Operation::Pass { ms }),
        1 => (1..5u32).prop_map(|limit| Operation::Resize { limit }),
        1 => proptest::bool::weighted(0.1).prop_map(|yes| if yes { Operation::Close } else { Operation::Release }),
    ]
}

/// A waiter's number, and when its time is up.
type Waiting = (u32, Option<u64>);

#[derive(Debug, Default)]
struct Model {
    limit: u32,
    max_queue: Option<u32>,
    current: u32,
    queue: Vec<Waiting>,
    closed: bool,
}

impl Model {
    fn grant(&mut self) -> Vec<u32> {
        let free = self.limit.saturating_sub(self.current) as usize;
        let granted: Vec<u32> = self.queue.drain(..free.min(self.queue.len())).map(|(who, _)| who).collect();
        self.current += u32::try_from(granted.len()).expect("small");
        granted
    }
}

fn drain(semaphore: &mut Semaphore<u32>) -> Vec<u32> {
    std::iter::from_fn(|| semaphore.grant()).collect()
}

proptest! {
    #[test]
    fn behaves_like_the_model(
        limit in 1..4u32,
        max_queue in proptest::option::of(1..6u32),
        operations in proptest::collection::vec(operation(), 1..200),
    ) {
        let size = |n: u32| NonZeroU32::new(n).expect("positive");
        let mut semaphore = Semaphore::new(size(limit), max_queue.map(size));
        let mut model = Model { limit, max_queue, ..Model::default() };
        let mut tickets = Vec::new();
        let mut now = 0;
        for (who, operation) in (0u32..).zip(operations) {
            match operation {
                Operation::TryAcquire => {
                    let free = !model.closed && model.current < model.limit;
                    model.current += u32::from(free);
                    prop_assert_eq!(semaphore.try_acquire(), free);
                }
                Operation::Acquire { timeout } => {
                    let got = semaphore.acquire(who, Duration::from_millis(now), timeout.map(Duration::from_millis));
                    if model.closed {
                        prop_assert_eq!(got.expect_err("closed").1.code(), "ERR_CLOSED");
                    } else if model.current < model.limit {
                        model.current += 1;
                        prop_assert_eq!(got.expect("free"), Acquired::Now(who));
                    } else if model.max_queue.is_some_and(|most| model.queue.len() >= most as usize) {
                        prop_assert_eq!(got.expect_err("full").1.code(), "ERR_QUEUE_FULL");
                    } else {
                        model.queue.push((who, timeout.map(|ms| now + ms)));
                        let Ok(Acquired::Queued(ticket)) = got else { panic!("should have queued") };
                        prop_assert_eq!(semaphore.last_ticket(), ticket);
                        tickets.push((ticket, who));
                    }
                }
                Operation::Release => {
                    let got = semaphore.release();
                    if model.current == 0 {
                        prop_assert_eq!(got.expect_err("nothing held").code(), "ERR_NOT_ACQUIRED");
                    } else {
                        model.current -= 1;
                        prop_assert_eq!(got.expect("held"), model.grant().first().copied());
                    }
                }
                Operation::Cancel { nth } => {
                    if let Some(&(ticket, who)) = tickets.get(nth) {
                        let expected = model.queue.iter().position(|waiting| waiting.0 == who);
                        prop_assert_eq!(semaphore.cancel(ticket), expected.map(|at| model.queue.remove(at).0));
                    }
                }
                Operation::Pass { ms } => {
                    now += ms;
                    let is_due = |waiting: &Waiting| waiting.1.is_some_and(|deadline| deadline <= now);
                    let mut due: Vec<Waiting> = model.queue.iter().copied().filter(is_due).collect();
                    due.sort_by_key(|waiting| waiting.1);
                    model.queue.retain(|waiting| !is_due(waiting));
                    let expired = std::iter::from_fn(|| semaphore.expire(Duration::from_millis(now)));
                    prop_assert_eq!(expired.map(|(who, _)| who).collect::<Vec<_>>(), due.iter().map(|waiting| waiting.0).collect::<Vec<_>>());
                }
                Operation::Resize { limit } => {
                    model.limit = limit;
                    semaphore.resize(size(limit));
                    prop_assert_eq!(drain(&mut semaphore), model.grant());
                }
                Operation::Close => {
                    model.closed = true;
                    let left: Vec<u32> = model.queue.drain(..).map(|waiting| waiting.0).collect();
                    prop_assert_eq!(semaphore.close().collect::<Vec<_>>(), left);
                }
            }
            let status = semaphore.status();
            prop_assert_eq!((status.limit, status.current), (model.limit, model.current));
            prop_assert_eq!(status.queued as usize, model.queue.len());
            prop_assert_eq!(status.available, model.limit.saturating_sub(model.current));
            let earliest = model.queue.iter().filter_map(|waiting| waiting.1).min();
            prop_assert_eq!(semaphore.next_deadline(), earliest.map(Duration::from_millis));
        }
    }
}
