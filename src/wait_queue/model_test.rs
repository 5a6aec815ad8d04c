//! Random sequences of operations, compared with a plain model.

use super::WaitQueue;
use proptest::prelude::*;
use std::time::Duration;

#[derive(Debug, Clone)]
enum Operation {
    Push { timeout: Option<u64> },
    Pop,
    First,
    Cancel { nth: usize },
    Pass { ms: u64 },
}

fn operation() -> impl Strategy<Value = Operation> {
    prop_oneof![
        8 => proptest::option::of(1..50u64).prop_map(|timeout| Operation::Push { timeout }),
        4 => Just(Operation::Pop),
        2 => Just(Operation::First),
        4 => (0..200usize).prop_map(|nth| Operation::Cancel { nth }),
        2 => (1..40u64).prop_map(|ms| Operation::Pass { ms }),
    ]
}

/// The waiters and their deadlines.
type Model = Vec<(u64, Option<u64>)>;

/// Returns the earliest deadline, and the first ticket with it.
fn earliest(model: &Model) -> Option<(u64, u64)> {
    model.iter().filter_map(|&(ticket, deadline)| Some((deadline?, ticket))).min()
}

proptest! {
    #[test]
    fn the_queue_behaves_like_the_model(operations in proptest::collection::vec(operation(), 1..600)) {
        let mut queue = WaitQueue::default();
        let mut model = Model::new();
        let mut now = 0;
        for operation in operations {
            match operation {
                Operation::Push { timeout } => {
                    // Its own ticket is what waits.
                    let ticket = queue.last_ticket() + 1;
                    let (arrival, patience) = (Duration::from_millis(now), timeout.map(Duration::from_millis));
                    prop_assert_eq!(queue.push(ticket, arrival, patience), ticket);
                    model.push((ticket, timeout.map(|ms| now + ms)));
                }
                Operation::Pop => {
                    let first = (!model.is_empty()).then(|| model.remove(0).0);
                    prop_assert_eq!(queue.pop(), first);
                }
                Operation::First => {
                    prop_assert_eq!(queue.first_ticket(), model.first().map(|&(ticket, _)| ticket));
                }
                Operation::Cancel { nth } => {
                    // The ticket is of any waiter so far, so that most have left.
                    let ticket = nth as u64 % (queue.last_ticket() + 1);
                    let place = model.iter().position(|&(waiting, _)| waiting == ticket);
                    prop_assert_eq!(queue.cancel(ticket), place.map(|place| model.remove(place).0));
                }
                Operation::Pass { ms } => {
                    now += ms;
                    while let Some((_, ticket)) = earliest(&model).filter(|&(deadline, _)| deadline <= now) {
                        let expired = queue.expire(Duration::from_millis(now)).map(|(waiter, _)| waiter);
                        prop_assert_eq!(expired, Some(ticket));
                        model.retain(|&(waiting, _)| waiting != ticket);
                    }
                    prop_assert!(queue.expire(Duration::from_millis(now)).is_none());
                }
            }
            prop_assert_eq!(queue.len(), model.len());
            let next = earliest(&model).map(|(deadline, _)| Duration::from_millis(deadline));
            prop_assert_eq!(queue.next_deadline(), next);
        }
    }
}
