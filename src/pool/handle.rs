//! Does what the state decides: starts, ends and watches members, and tells those who wait.

use super::lease::Lease;
use super::state::{Action, State, Stats, Ticket};
use super::{Factory, Limits, MemberStatus, Refusal, Retirement, Rules};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::Notify;
#[cfg(test)]
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

/// A pool; its clones are the same pool. Close it before the last of them is dropped, or nobody ends its members.
pub struct Pool<F: Factory>(Arc<Shared<F>>);

impl<F: Factory> Clone for Pool<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Shared<F: Factory> {
    factory: F,
    runtime: Handle,
    inner: Mutex<Inner<F>>,
    /// Told whenever there are no members and nobody waits.
    emptied: Notify,
}

pub(super) struct Inner<F: Factory> {
    pub state: State<F::Key, F::Error>,
    members: HashMap<u64, Live<F>>,
    waiters: HashMap<Ticket, Waiter<F>>,
    timer: Option<Timer>,
}

/// A member that has started.
struct Live<F: Factory> {
    member: Arc<F::Member>,
    watcher: AbortHandle,
}

/// The one timer, for the earliest deadline or something before it.
struct Timer {
    deadline: Instant,
    task: AbortHandle,
}

/// What becomes of waiting. A lease that was answered with counts once it is [`Lease::delivered`].
pub type Answer<F> = Result<Lease<F>, Refusal<<F as Factory>::Error>>;

/// Takes the answer, or gives it back.
type Waiter<F> = Box<dyn FnOnce(Answer<F>) -> Option<Answer<F>> + Send>;

/// What is done when the lock is free again, because it may come back here.
struct Later<F: Factory> {
    /// Nobody took them; their leases are given back by being dropped.
    answers: Vec<Answer<F>>,
    abandoned: Vec<u64>,
}

impl<F: Factory> Pool<F> {
    /// An empty pool, whose work is done on `runtime`.
    pub fn new(factory: F, limits: Limits, runtime: Handle) -> Self {
        let inner = Inner { state: State::new(limits), members: HashMap::new(), waiters: HashMap::new(), timer: None };
        Self(Arc::new(Shared { factory, runtime, inner: Mutex::new(inner), emptied: Notify::new() }))
    }

    /// What makes its members.
    pub fn factory(&self) -> &F {
        &self.0.factory
    }

    /// Adds a key, or changes its rules, and starts what is to be kept warm of it.
    pub fn define(&self, key: F::Key, rules: Rules) {
        self.0.change(|inner, now| inner.state.define(key, rules, now));
    }

    /// Forgets a key: its idle members end now, busy ones when they are given back, and who waits for one is told
    /// [`Refusal::Unknown`].
    pub fn retire(&self, key: &F::Key) {
        self.0.change(|inner, now| inner.state.retire(key, now));
    }

    /// A lease that can be had at once, without passing by anybody who waits and could use the same member.
    pub fn try_checkout(&self, key: &F::Key) -> Option<Lease<F>> {
        self.0.change(|inner, now| {
            let number = inner.state.try_checkout(key, now)?;
            inner.lease(&self.0, number).map(Lease::delivered)
        })
    }

    /// Waits for a lease; those who wait for the same thing are served in the order of these calls, and hear of it in the
    /// order in which leases are given out, which tasks that are woken do not. `answer` must not use the pool: it is called
    /// while the pool is locked. What it does not take it gives back.
    ///
    /// For the refusals see [`Refusal`].
    pub fn checkout_to<A>(&self, key: &F::Key, answer: A) -> Place<F>
    where
        A: FnOnce(Answer<F>) -> Option<Answer<F>> + Send + 'static,
    {
        let ticket = self.0.change(|inner, now| {
            let ticket = inner.state.checkout(key, now);
            inner.waiters.insert(ticket, Box::new(answer));
            ticket
        });
        Place { shared: Arc::clone(&self.0), ticket }
    }

    /// All members, in the order of their starts.
    pub fn status(&self) -> Vec<MemberStatus<F>> {
        self.0.change(|inner, now| {
            let looks = inner.state.members(now).into_iter();
            let status = |look: super::state::Look<F::Key>| MemberStatus {
                member: inner.members.get(&look.number).map(|live| Arc::clone(&live.member)),
                number: look.number,
                key: look.key,
                state: look.state,
                age: look.age,
                idle_for: look.idle_for,
                uses: look.uses,
                in_flight: look.in_flight,
            };
            looks.map(status).collect()
        })
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.0.inner.lock().state.queued()
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.0.inner.lock().state.stats().clone()
    }

    /// Takes no more work. Those who wait are still served; resolves when the last member has ended.
    pub async fn drain(&self) {
        self.0.change(|inner, now| inner.state.drain(now));
        self.0.empty().await;
    }

    /// Takes no more work, refuses those who wait and ends all members, busy or not; resolves when nothing is left.
    pub async fn close(&self) {
        self.0.change(|inner, now| inner.state.close(now));
        self.0.empty().await;
    }
}

#[cfg(test)]
impl<F: Factory> Pool<F> {
    /// Waits for a lease in a place that is taken at once, and left when the future is dropped.
    pub(super) fn checkout(&self, key: &F::Key) -> impl Future<Output = Answer<F>> + Send + use<F> {
        let (sender, receiver) = oneshot::channel();
        let place = self.checkout_to(key, move |answer| sender.send(answer).err());
        // Dropped in this order: the place in the queue first, then a lease that is on its way.
        let waiting = (place, receiver);
        async move {
            let (_place, receiver) = waiting;
            // Each waiter is answered before it is forgotten.
            receiver.await.unwrap_or(Err(Refusal::Closed)).map(Lease::delivered)
        }
    }

    /// When its timer will ring.
    pub(super) fn timer(&self) -> Option<Instant> {
        self.0.inner.lock().timer.as_ref().map(|timer| timer.deadline)
    }
}

/// A place in the queue, left when this is dropped.
pub struct Place<F: Factory> {
    shared: Arc<Shared<F>>,
    ticket: Ticket,
}

impl<F: Factory> Drop for Place<F> {
    fn drop(&mut self) {
        self.shared.change(|inner, now| {
            inner.waiters.remove(&self.ticket);
            inner.state.cancel(self.ticket, now);
        });
    }
}

impl<F: Factory> Inner<F> {
    fn lease(&self, shared: &Arc<Shared<F>>, number: u64) -> Option<Lease<F>> {
        let member = Arc::clone(&self.members.get(&number)?.member);
        Some(Lease::new(Arc::clone(shared), number, member))
    }

    /// Answers a waiter; what it did not take comes back.
    fn answer(&mut self, ticket: Ticket, answer: Answer<F>) -> Option<Answer<F>> {
        match self.waiters.remove(&ticket) {
            Some(waiter) => waiter(answer),
            None => Some(answer),
        }
    }
}

impl<F: Factory> Shared<F> {
    /// Tells the state of an event, and does what it decides.
    pub(super) fn change<T>(self: &Arc<Self>, event: impl FnOnce(&mut Inner<F>, Instant) -> T) -> T {
        let mut inner = self.inner.lock();
        // Read under the lock, so that the state never sees time go backwards.
        let now = tokio::time::Instant::now().into_std();
        let result = event(&mut inner, now);
        let later = self.act(&mut inner);
        self.arm(&mut inner, now);
        if inner.state.is_empty() {
            self.emptied.notify_waiters();
        }
        drop(inner);
        for number in later.abandoned {
            self.factory.abandon(number);
        }
        drop(later.answers);
        result
    }

    fn act(self: &Arc<Self>, inner: &mut Inner<F>) -> Later<F> {
        let mut later = Later { answers: Vec::new(), abandoned: Vec::new() };
        for action in inner.state.take_actions() {
            match action {
                Action::Start { number, key } => self.start(number, key),
                Action::Abandon { number } => later.abandoned.push(number),
                Action::End { number, reason } => self.end(inner, number, reason),
                Action::Grant { ticket, number } => {
                    let lease = inner.lease(self, number);
                    later.answers.extend(lease.and_then(|lease| inner.answer(ticket, Ok(lease))));
                }
                Action::Refuse { ticket, refusal } => later.answers.extend(inner.answer(ticket, Err(refusal))),
            }
        }
        later
    }

    fn start(self: &Arc<Self>, number: u64, key: F::Key) {
        let (shared, wanted) = (Arc::clone(self), key.clone());
        // A task of its own, so that its panic is an error like any other.
        let start = self.runtime.spawn(async move { shared.factory.start(&wanted, number).await });
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            let started = start.await.unwrap_or_else(|_| Err(shared.factory.panicked(&key)));
            shared.change(|inner, now| match started {
                Ok(member) => {
                    let watcher = shared.watch(number, Arc::clone(&member));
                    inner.members.insert(number, Live { member, watcher });
                    inner.state.started(number, now);
                }
                Err(error) => inner.state.start_failed(number, &error, now),
            });
        });
    }

    /// Waits for the member's end without keeping the pool.
    fn watch(self: &Arc<Self>, number: u64, member: Arc<F::Member>) -> AbortHandle {
        let pool = Arc::downgrade(self);
        let watcher = self.runtime.spawn(async move {
            let Some(shared) = pool.upgrade() else { return };
            let (exited, unfit) = (shared.factory.exited(&member), shared.factory.unfit(&member));
            drop((shared, member));
            let mut exited = pin!(exited);
            let error = tokio::select! {
                error = &mut exited => error,
                () = unfit => {
                    if let Some(shared) = pool.upgrade() {
                        shared.change(|inner, now| inner.state.spoil(number, now));
                    }
                    exited.await
                }
            };
            let Some(shared) = pool.upgrade() else { return };
            let gone = shared.change(|inner, now| {
                let exited = inner.state.exited(number, error, now);
                exited.then(|| inner.members.remove(&number))
            });
            drop(gone);
        });
        watcher.abort_handle()
    }

    fn end(self: &Arc<Self>, inner: &Inner<F>, number: u64, reason: Retirement) {
        let Some(live) = inner.members.get(&number) else { return };
        live.watcher.abort();
        let (shared, member) = (Arc::clone(self), Arc::clone(&live.member));
        let end = self.runtime.spawn(async move { shared.factory.end(member, reason).await });
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            // Whether it ended or panicked: the pool goes on.
            let _ = end.await;
            let gone = shared.change(|inner, now| {
                inner.state.ended(number, now);
                inner.members.remove(&number)
            });
            drop(gone);
        });
    }

    /// Sees to it that the state is told when its next deadline has come. One that has moved away is left to ring early,
    /// and one that is due to ring at all: a deadline that has passed is none any more for the state, which still has to
    /// hear of it.
    fn arm(self: &Arc<Self>, inner: &mut Inner<F>, now: Instant) {
        let next = inner.state.due();
        let in_time = |timer: &Timer| timer.deadline <= now || next.is_some_and(|next| timer.deadline <= next);
        if inner.timer.as_ref().is_some_and(in_time) {
            return;
        }
        if let Some(timer) = inner.timer.take() {
            timer.task.abort();
        }
        let Some(deadline) = next else { return };
        let pool: Weak<Self> = Arc::downgrade(self);
        let task = self.runtime.spawn(async move {
            sleep_until(deadline.into()).await;
            let Some(shared) = pool.upgrade() else { return };
            shared.change(|inner, now| {
                inner.timer.take_if(|timer| timer.deadline == deadline);
                inner.state.tick(now);
            });
        });
        inner.timer = Some(Timer { deadline, task: task.abort_handle() });
    }

    async fn empty(&self) {
        loop {
            let emptied = self.emptied.notified();
            if self.inner.lock().state.is_empty() {
                return;
            }
            emptied.await;
        }
    }
}
