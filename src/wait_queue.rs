//! A strict first-come-first-served queue. Waiters may leave, by themselves or when their timeout has passed.
//!
//! The queue has no clock (callers pass the time), no thread and no promise. A waiter `W` is the caller's value. It comes
//! out exactly once, from the call that ends its wait.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

/// Identifies a waiter. Tickets rise in the order of arrival.
pub type Ticket = u64;

/// The number of empty entries that are kept, besides two for each waiter.
const SPARE: usize = 32;

/// The queue of waiters.
#[derive(Debug)]
pub struct WaitQueue<W> {
    /// The entries by rising ticket. A waiter that leaves from the middle leaves an empty entry, because closing the gap
    /// takes time in proportion to the queue.
    entries: VecDeque<Entry<W>>,
    waiting: usize,
    /// The deadlines, the earliest first. Some belong to waiters that have left.
    deadlines: BinaryHeap<Reverse<(Duration, Ticket)>>,
    last_ticket: Ticket,
}

#[derive(Debug)]
struct Entry<W> {
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
        Self { entries: VecDeque::new(), waiting: 0, deadlines: BinaryHeap::new(), last_ticket: 0 }
    }
}

impl<W> WaitQueue<W> {
    /// Queues a waiter until `now + timeout`; without a timeout, for ever.
    pub fn push(&mut self, waiter: W, now: Duration, timeout: Option<Duration>) -> Ticket {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        if let Some(timeout) = timeout {
            self.deadlines.push(Reverse((now.saturating_add(timeout), ticket)));
        }
        self.entries.push_back(Entry { ticket, waiter: Some(Waiter { waiter, timeout }) });
        self.waiting += 1;
        ticket
    }

    /// Takes out the first waiter.
    pub fn pop(&mut self) -> Option<W> {
        let first = std::iter::from_fn(|| self.entries.pop_front()).find_map(|entry| entry.waiter)?;
        self.note_left();
        Some(first.waiter)
    }

    /// Takes a waiter out of the queue. Returns `None` when the waiter has left.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<W> {
        self.take(ticket).map(|entry| entry.waiter)
    }

    /// Takes out the waiter with the earliest deadline, if that has passed. Returns the waiter with its timeout.
    pub fn expire(&mut self, now: Duration) -> Option<(W, Duration)> {
        self.next_deadline().filter(|deadline| *deadline <= now)?;
        let Reverse((_, ticket)) = self.deadlines.pop()?;
        let entry = self.take(ticket)?;
        Some((entry.waiter, entry.timeout?))
    }

    /// Returns the next deadline of a waiter.
    pub fn next_deadline(&mut self) -> Option<Duration> {
        while let Some(&Reverse((deadline, ticket))) = self.deadlines.peek() {
            if self.find(ticket).is_some() {
                return Some(deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// Returns the ticket of the first waiter.
    pub fn first_ticket(&mut self) -> Option<Ticket> {
        // The empty entries go, so that no later call passes them again.
        while self.entries.front().is_some_and(|entry| entry.waiter.is_none()) {
            self.entries.pop_front();
        }
        self.entries.front().map(|entry| entry.ticket)
    }

    /// Returns the ticket of the waiter that came last.
    pub fn last_ticket(&self) -> Ticket {
        self.last_ticket
    }

    /// Returns the number of waiters.
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Returns whether there is no waiter.
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Returns the index of a waiter's entry, unless the waiter has left.
    fn find(&self, ticket: Ticket) -> Option<usize> {
        let index = self.entries.binary_search_by_key(&ticket, |entry| entry.ticket).ok()?;
        self.entries[index].waiter.is_some().then_some(index)
    }

    fn take(&mut self, ticket: Ticket) -> Option<Waiter<W>> {
        let index = self.find(ticket)?;
        let entry = self.entries[index].waiter.take();
        self.note_left();
        entry
    }

    /// Counts a waiter that has left. Removes the empty entries once they outnumber the waiters, so that the cost for each
    /// is constant.
    fn note_left(&mut self) {
        self.waiting -= 1;
        let most = 2 * self.waiting + SPARE;
        if self.entries.len() > most {
            self.entries.retain(|entry| entry.waiter.is_some());
        }
        if self.deadlines.len() > most {
            let mut deadlines = std::mem::take(&mut self.deadlines);
            deadlines.retain(|Reverse((_, ticket))| self.find(*ticket).is_some());
            self.deadlines = deadlines;
        }
    }
}
