//! The waiters of this process, in order.

use super::line::Place;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::oneshot;

/// A waiter, which is gone once its receiver is dropped.
#[derive(Debug)]
struct Waiter<T> {
    cost: u32,
    place: Option<Arc<Place>>,
    grant: oneshot::Sender<T>,
}

/// The waiters, the first at the front.
#[derive(Debug)]
pub struct Queue<T>(VecDeque<Waiter<T>>);

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Queue<T> {
    /// Adds a waiter for so many slots, with its place in the line if it has one already.
    pub fn push(&mut self, cost: u32, place: Option<Place>) -> oneshot::Receiver<T> {
        let (grant, receiver) = oneshot::channel();
        self.0.push_back(Waiter { cost, place: place.map(Arc::new), grant });
        receiver
    }

    /// Returns whether all waiters have a place. No waiter may take one before another that has none.
    pub fn is_placed(&self) -> bool {
        self.0.back().is_none_or(|last| last.place.is_some())
    }

    /// Returns the cost of the first waiter that still waits, and its place.
    pub fn first(&mut self) -> Option<(u32, Option<Arc<Place>>)> {
        while self.0.front().is_some_and(|first| first.grant.is_closed()) {
            self.0.pop_front();
        }
        self.0.front().map(|first| (first.cost, first.place.clone()))
    }

    /// Gives the place to the first waiter that has none.
    pub fn place_next(&mut self, place: Place) {
        if let Some(first) = self.0.iter_mut().find(|waiter| waiter.place.is_none()) {
            first.place = Some(Arc::new(place));
        }
    }

    /// Takes the waiters out of the line that have given up.
    pub fn forget_gone(&mut self) {
        self.0.retain(|waiter| !waiter.grant.is_closed());
    }

    /// Hands the slots, or the error, to the first waiter. Returns them if it no longer waits.
    pub fn grant(&mut self, slots: T) -> Result<(), T> {
        match self.0.pop_front() {
            Some(first) => first.grant.send(slots),
            None => Err(slots),
        }
    }

    /// Returns the number of waiters.
    pub fn len(&self) -> usize {
        self.0.iter().filter(|waiter| !waiter.grant.is_closed()).count()
    }
}
