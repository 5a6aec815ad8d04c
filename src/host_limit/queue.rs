//! The waiters of this process, in order.

use super::slots::Held;
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// A waiter, which is gone once its receiver is dropped.
#[derive(Debug)]
struct Waiter {
    cost: u32,
    grant: oneshot::Sender<Held>,
}

/// The waiters, the first at the front.
#[derive(Debug, Default)]
pub struct Queue(VecDeque<Waiter>);

impl Queue {
    /// Adds a waiter for so many slots.
    pub fn push(&mut self, cost: u32) -> oneshot::Receiver<Held> {
        let (grant, receiver) = oneshot::channel();
        self.0.push_back(Waiter { cost, grant });
        receiver
    }

    /// Returns the cost of the first waiter that still waits.
    pub fn first_cost(&mut self) -> Option<u32> {
        while self.0.front().is_some_and(|first| first.grant.is_closed()) {
            self.0.pop_front();
        }
        self.0.front().map(|first| first.cost)
    }

    /// Hands the slots to the first waiter. Gives them back if it no longer waits.
    pub fn grant(&mut self, held: Held) -> Result<(), Held> {
        match self.0.pop_front() {
            Some(first) => first.grant.send(held),
            None => Err(held),
        }
    }

    /// Returns the number of waiters, with those that have just given up.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
