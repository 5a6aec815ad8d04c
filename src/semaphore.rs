//! A counting semaphore with a strict first-come-first-served queue.
//!
//! The state alone: no clock (callers pass the time), no thread, no promise. What a waiter is, `W`, is the caller's;
//! it comes back out exactly once, from the call that decides its fate.

use crate::error::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

/// Names a waiter; tickets rise in the order of arrival.
pub type Ticket = u64;

/// How many may run, who does, and who waits.
#[derive(Debug)]
pub struct Semaphore<W> {
    limit: NonZeroU32,
    current: u32,
    max_queue: Option<NonZeroU32>,
    queue: BTreeMap<Ticket, Waiter<W>>,
    /// The same waiters by deadline, so that the earliest is found without a timer for each.
    deadlines: BTreeSet<(Duration, Ticket)>,
    last_ticket: Ticket,
    closed: bool,
}

#[derive(Debug)]
struct Waiter<W> {
    waiter: W,
    patience: Option<Patience>,
}

/// How long a waiter waits, and until when.
#[derive(Debug, Clone, Copy)]
struct Patience {
    timeout: Duration,
    deadline: Duration,
}

/// What became of a request for a slot.
#[derive(Debug, PartialEq, Eq)]
pub enum Acquired<W> {
    /// A slot was free: it is held now, and the waiter has nothing to wait for.
    Now(W),
    /// The waiter joined the queue.
    Queued(Ticket),
}

/// A look at the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// How many slots there are.
    pub limit: u32,
    /// How many are held; more than `limit` for a while after it was lowered.
    pub current: u32,
    /// How many wait.
    pub queued: u32,
    /// How many could be had at once.
    pub available: u32,
}

impl<W> Semaphore<W> {
    /// A semaphore of `limit` slots; `max_queue` bounds the waiters, `None` does not.
    pub fn new(limit: NonZeroU32, max_queue: Option<NonZeroU32>) -> Self {
        Self {
            limit,
            current: 0,
            max_queue,
            queue: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            last_ticket: 0,
            closed: false,
        }
    }

    /// Takes a slot if one is free and nobody is waiting for it.
    pub fn try_acquire(&mut self) -> bool {
        let free = !self.closed && self.current < self.limit.get();
        self.current += u32::from(free);
        free
    }

    /// Takes a slot or joins the queue, until `now + timeout`; without a timeout, for ever.
    ///
    /// # Errors
    /// `ERR_CLOSED`, `ERR_QUEUE_FULL`; the waiter comes back with the error.
    pub fn acquire(&mut self, waiter: W, now: Duration, timeout: Option<Duration>) -> Result<Acquired<W>, (W, Error)> {
        if self.closed {
            return Err((waiter, Error::Closed));
        }
        if self.try_acquire() {
            return Ok(Acquired::Now(waiter));
        }
        if let Some(most) = self.max_queue.filter(|most| self.queued() >= most.get()) {
            return Err((waiter, Error::QueueFull(most.get())));
        }
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let patience = timeout.map(|timeout| Patience { timeout, deadline: now.saturating_add(timeout) });
        if let Some(Patience { deadline, .. }) = patience {
            self.deadlines.insert((deadline, ticket));
        }
        self.queue.insert(ticket, Waiter { waiter, patience });
        Ok(Acquired::Queued(ticket))
    }

    /// Gives a slot back; it passes to the first waiter, who is returned.
    ///
    /// # Errors
    /// `ERR_NOT_ACQUIRED` when no slot is held.
    pub fn release(&mut self) -> Result<Option<W>, Error> {
        self.current = self.current.checked_sub(1).ok_or(Error::NotAcquired)?;
        Ok(self.grant())
    }

    /// Takes a waiter out of the queue; `None` when it is no longer there.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<W> {
        let waiter = self.queue.remove(&ticket)?;
        Some(self.forget(ticket, waiter))
    }

    /// Takes out the waiter whose deadline has come, the earliest first, with the timeout it had.
    pub fn expire(&mut self, now: Duration) -> Option<(W, Duration)> {
        let &(_, ticket) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now)?;
        let timeout = self.queue.get(&ticket)?.patience?.timeout;
        Some((self.cancel(ticket)?, timeout))
    }

    /// When the next waiter's time is up.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Changes the number of slots. Held ones stay held; call [`Self::grant`] until it has nobody left for the new ones.
    pub fn resize(&mut self, limit: NonZeroU32) {
        self.limit = limit;
    }

    /// Passes a free slot to the first waiter, if there are both.
    pub fn grant(&mut self) -> Option<W> {
        if self.current >= self.limit.get() {
            return None;
        }
        let (ticket, waiter) = self.queue.pop_first()?;
        self.current += 1;
        Some(self.forget(ticket, waiter))
    }

    /// Takes no more work and returns the waiters in order; held slots drain by [`Self::release`].
    pub fn close(&mut self) -> impl Iterator<Item = W> {
        self.closed = true;
        self.deadlines.clear();
        std::mem::take(&mut self.queue).into_values().map(|entry| entry.waiter)
    }

    /// The ticket of the waiter that queued last.
    pub fn last_ticket(&self) -> Ticket {
        self.last_ticket
    }

    /// How many wait.
    pub fn queued(&self) -> u32 {
        u32::try_from(self.queue.len()).unwrap_or(u32::MAX)
    }

    /// A look at the state.
    pub fn status(&self) -> Status {
        let (limit, current) = (self.limit.get(), self.current);
        Status { limit, current, queued: self.queued(), available: limit.saturating_sub(current) }
    }

    fn forget(&mut self, ticket: Ticket, entry: Waiter<W>) -> W {
        if let Some(Patience { deadline, .. }) = entry.patience {
            self.deadlines.remove(&(deadline, ticket));
        }
        entry.waiter
    }
}
