//! The pool as its users see it.

mod room;
mod shared;

pub use shared::{Answer, Lease};

use super::factory::Factory;
use super::rules::{Limits, Rules};
use super::state::{KeyView, MemberState, MemberView, Stats, Ticket};
use crate::admission::{Gate, IdleTrees};
use shared::Shared;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;

/// A pool; its clones are the same pool. Shut it down before the last clone is dropped, or its members go on.
pub struct Pool<F: Factory>(Arc<Shared<F>>);

/// A member and what it does.
pub struct MemberStatus<F: Factory> {
    /// The number of the start, counted for the whole pool.
    pub number: u64,
    /// The key.
    pub key: F::Key,
    /// The member, once it has started.
    pub member: Option<Arc<F::Member>>,
    /// The state.
    pub state: MemberState,
    /// The time since the start was begun.
    pub age: Duration,
    /// The time since the last use, while the member is idle.
    pub idle_for: Option<Duration>,
    /// The number of leases so far.
    pub uses: u64,
    /// The number of leases that are out.
    pub in_flight: u32,
}

impl<F: Factory> Clone for Pool<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F: Factory> Pool<F> {
    /// Makes an empty pool, which works on `runtime`.
    pub fn new(factory: F, limits: Limits, runtime: Handle) -> Self {
        Self(Shared::new(factory, limits, runtime))
    }

    /// Returns the factory of the members.
    pub fn factory(&self) -> &F {
        &self.0.factory
    }

    /// Lets the gate end idle members to make room for other processes.
    pub fn make_room_for(&self, gate: &Gate) {
        let holder: Weak<dyn IdleTrees> = Arc::downgrade(&(Arc::clone(&self.0) as Arc<dyn IdleTrees>));
        gate.add_holder(holder);
    }

    /// Adds a key, or changes its rules, and starts the members that are kept warm.
    pub fn define(&self, key: F::Key, rules: Rules) {
        self.0.change(|inner, now| inner.state.define(key, rules, now));
    }

    /// Removes a key. Idle members end now, busy ones after their leases, and waiters get [`super::reason::Refusal::Unknown`].
    pub fn retire(&self, key: &F::Key) {
        self.0.change(|inner, now| inner.state.retire(key, now));
    }

    /// Leases a member that is available now, unless a waiter could use the same member.
    pub fn try_checkout(&self, key: &F::Key) -> Option<Lease<F>> {
        self.0.change(|inner, now| {
            let number = inner.state.try_checkout(key, now)?;
            inner.lease(&self.0, number).map(Lease::delivered)
        })
    }

    /// Returns whether one more waiter for a key could make the pool start a member. `ahead` more waiters are on their way, and
    /// `reserved` starts are admitted that have not begun.
    pub fn needs_start(&self, key: &F::Key, ahead: usize, reserved: usize) -> bool {
        self.0.change(|inner, now| {
            inner.state.tick(now);
            inner.state.needs_start(key, ahead, reserved, |number| self.0.factory.is_pending(number))
        })
    }

    /// Queues a waiter, which is answered in the order of the grants. The order of woken tasks would be another.
    ///
    /// Waiters for the same key are served in the order of these calls. `answer` is called while the pool is locked, so it
    /// must not use the pool. It returns an answer that it does not take. For `yields` see [`super::state::State::checkout`].
    pub fn checkout_to<A>(&self, key: &F::Key, yields: bool, answer: A) -> Waiter<F>
    where
        A: FnOnce(Answer<F>) -> Option<Answer<F>> + Send + 'static,
    {
        let ticket = self.0.change(|inner, now| {
            let ticket = inner.state.checkout(key, yields, now);
            inner.waiters.insert(ticket, Box::new(answer));
            ticket
        });
        Waiter { shared: Arc::clone(&self.0), ticket }
    }

    /// Returns all members, in the order of their starts.
    pub fn status(&self) -> Vec<MemberStatus<F>> {
        self.0.change(|inner, now| {
            let views = inner.state.members(now).into_iter();
            let status = |MemberView { number, key, state, age, idle_for, uses, in_flight }| MemberStatus {
                member: inner.member(number),
                number,
                key,
                state,
                age,
                idle_for,
                uses,
                in_flight,
            };
            views.map(status).collect()
        })
    }

    /// Returns the number of waiters.
    pub fn queued(&self) -> usize {
        self.0.inner.lock().state.queued()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> Stats {
        self.0.inner.lock().state.stats().clone()
    }

    /// Returns all defined keys, in the order of their definitions.
    pub fn keys(&self) -> Vec<KeyView<F::Key>> {
        self.0.change(|inner, now| inner.state.keys(now))
    }

    /// Returns the counts of a key, also of a retired one.
    pub fn stats_of(&self, key: &F::Key) -> Stats {
        self.0.inner.lock().state.stats_of(key)
    }

    /// Returns whether a key is retired and its last member has ended, so that its counts stay as they are.
    pub fn has_ended(&self, key: &F::Key) -> bool {
        self.0.inner.lock().state.has_ended(key)
    }

    /// Forgets the counts of a key, and returns them.
    pub fn forget(&self, key: &F::Key) -> Stats {
        self.0.inner.lock().state.forget(key)
    }

    /// Takes no more work, but serves the waiters. Returns when the last member has ended.
    pub async fn drain(&self) {
        self.0.change(|inner, now| inner.state.drain(now));
        self.0.empty().await;
    }

    /// Takes no more work, refuses the waiters and ends all members, busy or not. Returns when the last has ended.
    pub async fn shut_down(&self) {
        self.0.change(|inner, now| inner.state.shut_down(now));
        self.0.empty().await;
    }
}

#[cfg(test)]
impl<F: Factory> Pool<F> {
    /// Waits for a lease. The waiter is queued at once, and leaves the queue when the future is dropped.
    pub(super) fn checkout(&self, key: &F::Key) -> impl Future<Output = Answer<F>> + Send + use<F> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let waiter = self.checkout_to(key, false, move |answer| sender.send(answer).err());
        // The fields are dropped in this order: the waiter first, then a lease that was not received.
        let waiting = (waiter, receiver);
        async move {
            let (_waiter, receiver) = waiting;
            // Each waiter is answered before it is forgotten.
            receiver.await.unwrap_or(Err(super::reason::Refusal::Closed)).map(Lease::delivered)
        }
    }

    /// Returns the instant at which the timer fires.
    pub(super) fn timer(&self) -> Option<std::time::Instant> {
        self.0.inner.lock().timer.deadline()
    }
}

/// A waiter in the queue, which leaves the queue when this is dropped.
pub struct Waiter<F: Factory> {
    shared: Arc<Shared<F>>,
    ticket: Ticket,
}

impl<F: Factory> Drop for Waiter<F> {
    fn drop(&mut self) {
        self.shared.change(|inner, now| {
            inner.waiters.remove(&self.ticket);
            inner.state.cancel(self.ticket, now);
            self.shared.withdraw_surplus(inner);
        });
    }
}
