//! Executes the decisions of the state: starts, watches and terminates members, and answers waiters. Leases report back.

use crate::pool::factory::Factory;
use crate::pool::reason::{Refusal, Retirement};
use crate::pool::rules::Limits;
use crate::pool::state::{Action, Return, State, Ticket};
use crate::timer::Timer;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// The pool behind its clones, waiters and leases.
pub struct Shared<F: Factory> {
    pub factory: F,
    runtime: Handle,
    pub inner: Mutex<Inner<F>>,
    /// Notified whenever the pool has neither members nor waiters.
    emptied: Notify,
}

/// The part of the pool under its lock.
pub struct Inner<F: Factory> {
    pub state: State<F::Key, F::Error>,
    members: HashMap<u64, Member<F>>,
    /// The starts, which are cancelled when they are no longer wanted.
    starting: HashMap<u64, CancellationToken>,
    pub waiters: HashMap<Ticket, OnAnswer<F>>,
    pub timer: Timer,
}

/// A member that has started.
struct Member<F: Factory> {
    member: Arc<F::Member>,
    watcher: AbortHandle,
}

/// The answer to a waiter. Its lease counts as a use once it is [`Lease::delivered`].
pub type Answer<F> = Result<Lease<F>, Refusal<<F as Factory>::Error>>;

/// Takes the answer, or returns it.
pub type OnAnswer<F> = Box<dyn FnOnce(Answer<F>) -> Option<Answer<F>> + Send>;

impl<F: Factory> Inner<F> {
    /// Returns a member, once it has started.
    pub fn member(&self, number: u64) -> Option<Arc<F::Member>> {
        self.members.get(&number).map(|member| Arc::clone(&member.member))
    }

    /// Makes a lease that the state has granted.
    pub fn lease(&self, shared: &Arc<Shared<F>>, number: u64) -> Option<Lease<F>> {
        let member = self.member(number)?;
        Some(Lease { shared: Arc::clone(shared), number, member, how: Return::Unused })
    }

    /// Answers a waiter. Returns the answer if it was not taken.
    fn answer(&mut self, ticket: Ticket, answer: Answer<F>) -> Option<Answer<F>> {
        match self.waiters.remove(&ticket) {
            Some(waiter) => waiter(answer),
            None => Some(answer),
        }
    }
}

impl<F: Factory> Shared<F> {
    /// Makes an empty pool.
    pub fn new(factory: F, limits: Limits, runtime: Handle) -> Arc<Self> {
        let inner = Inner {
            state: State::new(limits),
            members: HashMap::new(),
            starting: HashMap::new(),
            waiters: HashMap::new(),
            timer: Timer::default(),
        };
        Arc::new(Self { factory, runtime, inner: Mutex::new(inner), emptied: Notify::new() })
    }

    /// Reports an event to the state, and executes the decisions.
    pub fn change<T>(self: &Arc<Self>, event: impl FnOnce(&mut Inner<F>, Instant) -> T) -> T {
        let mut inner = self.inner.lock();
        // The time is read under the lock, so that the state never sees time go backwards.
        let now = tokio::time::Instant::now().into_std();
        let result = event(&mut inner, now);
        let untaken = self.execute(&mut inner);
        self.arm(&mut inner, now);
        if inner.state.is_empty() {
            self.emptied.notify_waiters();
        }
        drop(inner);
        // After the lock, because each gives its lease back.
        drop(untaken);
        result
    }

    /// Executes the decisions. Returns the answers that were not taken.
    fn execute(self: &Arc<Self>, inner: &mut Inner<F>) -> Vec<Answer<F>> {
        let mut untaken = Vec::new();
        for action in inner.state.take_actions() {
            match action {
                Action::Start { number, key } => self.start(inner, number, key),
                Action::Abandon { number } => {
                    self.factory.withdraw(number);
                    if let Some(start) = inner.starting.get(&number) {
                        start.cancel();
                    }
                }
                Action::Terminate { number, reason } => self.terminate(inner, number, reason),
                Action::Grant { ticket, number } => {
                    let lease = inner.lease(self, number);
                    untaken.extend(lease.and_then(|lease| inner.answer(ticket, Ok(lease))));
                }
                Action::Refuse { ticket, refusal } => untaken.extend(inner.answer(ticket, Err(refusal))),
            }
        }
        untaken
    }

    fn start(self: &Arc<Self>, inner: &mut Inner<F>, number: u64, key: F::Key) {
        let (shared, wanted, abandoned) = (Arc::clone(self), key.clone(), CancellationToken::new());
        inner.starting.insert(number, abandoned.clone());
        // The start is a task of its own, so that its panic is an error like any other.
        let start = self.runtime.spawn(async move { shared.factory.start(&wanted, number, abandoned).await });
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let started = start.await.unwrap_or_else(|_| Err(shared.factory.panicked(&key)));
            shared.change(|inner, now| {
                inner.starting.remove(&number);
                match started {
                    Ok(member) => {
                        let watcher = shared.watch(number, Arc::clone(&member));
                        inner.members.insert(number, Member { member, watcher });
                        inner.state.started(number, now);
                    }
                    Err(error) => inner.state.start_failed(number, &error, now),
                }
            });
        });
    }

    /// Watches a member until it exits, without keeping the pool alive.
    fn watch(self: &Arc<Self>, number: u64, member: Arc<F::Member>) -> AbortHandle {
        let pool = Arc::downgrade(self);
        let watcher = self.runtime.spawn(async move {
            let Some(shared) = pool.upgrade() else { return };
            let (exited, unfit) = (shared.factory.wait(&member), shared.factory.unfit(&member));
            drop((shared, member));
            let mut exited = pin!(exited);
            let error = tokio::select! {
                error = &mut exited => error,
                reason = unfit => {
                    if let Some(shared) = pool.upgrade() {
                        shared.change(|inner, now| inner.state.retire_early(number, reason, now));
                    }
                    exited.await
                }
            };
            let Some(shared) = pool.upgrade() else { return };
            let removed = shared.change(|inner, now| {
                let exited = inner.state.exited(number, error, now);
                exited.then(|| inner.members.remove(&number))
            });
            drop(removed);
        });
        watcher.abort_handle()
    }

    fn terminate(self: &Arc<Self>, inner: &Inner<F>, number: u64, reason: Retirement) {
        let Some(Member { member, watcher }) = inner.members.get(&number) else { return };
        watcher.abort();
        let (shared, member) = (Arc::clone(self), Arc::clone(member));
        let termination = self.runtime.spawn(async move { shared.factory.terminate(member, reason).await });
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            // After a panic the pool goes on, too.
            let _ = termination.await;
            let removed = shared.change(|inner, now| {
                inner.state.terminated(number, now);
                inner.members.remove(&number)
            });
            drop(removed);
        });
    }

    fn arm(self: &Arc<Self>, inner: &mut Inner<F>, now: Instant) {
        let (next, pool) = (inner.state.due(), Arc::downgrade(self));
        inner.timer.arm(next, now, &self.runtime, move |deadline| {
            let Some(shared) = pool.upgrade() else { return };
            shared.change(|inner, now| {
                inner.timer.fired(deadline);
                inner.state.tick(now);
            });
        });
    }

    /// Waits until the pool has neither members nor waiters.
    pub async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.inner.lock().state.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}

/// One use of a member, given back when the lease is dropped. That changes nothing if the member has exited.
pub struct Lease<F: Factory> {
    shared: Arc<Shared<F>>,
    number: u64,
    member: Arc<F::Member>,
    how: Return,
}

impl<F: Factory> Lease<F> {
    /// Notes that the lease has reached its user, and counts as a use.
    #[must_use]
    pub fn delivered(mut self) -> Self {
        self.how = Return::Used;
        self
    }

    /// Turns the lease into a hold: the member takes other leases as if there were none, but is neither idle nor evicted.
    #[must_use]
    pub fn held(mut self) -> Self {
        self.shared.change(|inner, now| inner.state.hold(self.number, now));
        self.how = Return::Held;
        self
    }

    /// Returns the member. It may end as soon as the lease is given back.
    pub fn member(&self) -> Arc<F::Member> {
        Arc::clone(&self.member)
    }

    /// Returns the member's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Marks the member as unfit for further use: it is not leased again, and ends when all its leases are back.
    pub fn mark_unfit(&self) {
        self.shared.change(|inner, now| inner.state.mark_unfit(self.number, now));
    }

    /// Marks the member as exited by itself. This counts as a failure of its key.
    pub fn mark_exited(&self, error: F::Error) {
        self.shared.change(|inner, now| inner.state.mark_exited(self.number, error, now));
    }
}

impl<F: Factory> Deref for Lease<F> {
    type Target = F::Member;

    fn deref(&self) -> &F::Member {
        &self.member
    }
}

impl<F: Factory> Drop for Lease<F> {
    fn drop(&mut self) {
        self.shared.change(|inner, now| inner.state.give_back(self.number, self.how, now));
    }
}
