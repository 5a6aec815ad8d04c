//! A strict first-come-first-served queue whose waiters may leave it, by themselves or when their time is up.
//!
//! The state alone: no clock (callers pass the time), no thread, no promise. What a waiter is, `W`, is the caller's;
//! it comes back out exactly once, from the call that decides its fate.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

/// Names a waiter; tickets rise in the order of arrival.
pub type Ticket = u64;

/// How many places of waiters who left may be kept beside those of waiters who did not, times two.
const SPARE: usize = 32;

/// Who waits, in order.
#[derive(Debug)]
pub struct WaitQueue<W> {
    /// By rising ticket. Who leaves from the middle leaves an empty place, because closing the gap would take as long as the
    /// queue is.
    places: VecDeque<Place<W>>,
    waiting: usize,
    /// The earliest first, so that it is found without a timer for each; also of some who have left.
    deadlines: BinaryHeap<Reverse<(Duration, Ticket)>>,
    last_ticket: Ticket,
}

#[derive(Debug)]
struct Place<W> {
    ticket: Ticket,
    waiter: Option<Waiter<W>>,
}

#[derive(Debug)]
struct Waiter<W> {
    waiter: W,
    timeout: Option<Duration>,
}

impl<W> Default for WaitQueue<W> {
    fn default() -> Self {
        Self { places: VecDeque::new(), waiting: 0, deadlines: BinaryHeap::new(), last_ticket: 0 }
    }
}

impl<W> WaitQueue<W> {
    /// Joins the queue until `now + timeout`; without a timeout, for ever.
    pub fn push(&mut self, waiter: W, now: Duration, timeout: Option<Duration>) -> Ticket {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        if let Some(timeout) = timeout {
            self.deadlines.push(Reverse((now.saturating_add(timeout), ticket)));
        }
        self.places.push_back(Place { ticket, waiter: Some(Waiter { waiter, timeout }) });
        self.waiting += 1;
        ticket
    }

    /// Takes out the first waiter.
    pub fn pop(&mut self) -> Option<W> {
        let first = std::iter::from_fn(|| self.places.pop_front()).find_map(|place| place.waiter)?;
        self.left();
        Some(first.waiter)
    }

    /// Takes a waiter out of the queue; `None` when it is no longer there.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<W> {
        self.take(ticket).map(|entry| entry.waiter)
    }

    /// Takes out the waiter whose deadline has come, the earliest first, with the timeout it had.
    pub fn expire(&mut self, now: Duration) -> Option<(W, Duration)> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        let Reverse((_, ticket)) = self.deadlines.pop()?;
        let entry = self.take(ticket)?;
        Some((entry.waiter, entry.timeout?))
    }

    /// When the next waiter's time is up.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        while let Some(&Reverse((deadline, ticket))) = self.deadlines.peek() {
            if self.find(ticket).is_some() {
                return Some(deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// The ticket of the waiter that came last.
    pub fn last_ticket(&self) -> Ticket {
        self.last_ticket
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Where a waiter stands that has not left.
    fn find(&self, ticket: Ticket) -> Option<usize> {
        let index = self.places.binary_search_by_key(&ticket, |place| place.ticket).ok()?;
        self.places[index].waiter.is_some().then_some(index)
    }

    fn take(&mut self, ticket: Ticket) -> Option<Waiter<W>> {
        let index = self.find(ticket)?;
        let entry = self.places[index].waiter.take();
        self.left();
        entry
    }

    /// Forgets those who left once they are more than those who wait, so that each costs the same few steps.
    fn left(&mut self) {
        self.waiting -= 1;
        let most = 2 * self.waiting + SPARE;
        if self.places.len() > most {
            self.places.retain(|place| place.waiter.is_some());
        }
        if self.deadlines.len() > most {
            let mut deadlines = std::mem::take(&mut self.deadlines);
            deadlines.retain(|Reverse((_, ticket))| self.find(*ticket).is_some());
            self.deadlines = deadlines;
        }
    }
}
