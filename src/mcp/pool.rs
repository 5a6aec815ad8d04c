//! Calls to servers, over sessions that are started when they are needed and kept for a while.

use super::calls::{Attempt, Calls};
use super::conversation::Settle;
use super::definition::{Definition, Reach};
use super::error::{CallError, StartError};
#[cfg(feature = "http")]
use super::exchange::Exchange;
use super::factory::{Definitions, Key, SessionFactory};
use super::request::{Outcome, Progress, Request};
use super::session::{Session, Way};
use crate::pool::{Answer, Lease, Limits, MemberState, MemberStatus, Pool, Refusal, Stats};
use crate::registry::Registry;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
#[cfg(feature = "http")]
use tokio::sync::oneshot;
use tokio::time::Instant;

/// How many connections there may be; they are no processes and cost little.
const MAX_CONNECTIONS: usize = 64;
/// How many of them may be made at once.
const MAX_CONNECTING: usize = 8;
/// How often a call looks for another session because the one it got had just ended.
const MAX_SESSIONS_TRIED: usize = 3;
/// A server that left so many calls in a row without an answer, until they were given up, is not asked again.
const MAX_UNANSWERED: u32 = 2;

/// Sessions with all servers.
pub struct McpPool {
    definitions: Arc<Definitions>,
    processes: Pool<SessionFactory>,
    connections: Pool<SessionFactory>,
    calls: Arc<Calls>,
    /// What those who wait are given, in that order.
    granted: mpsc::UnboundedSender<(u32, Answer<SessionFactory>)>,
    #[cfg(feature = "http")]
    runtime: Handle,
}

/// A call, as its caller sees it.
pub struct Call {
    /// The caller's number for it.
    pub number: u32,
    /// The server's key.
    pub key: Key,
    /// What is asked.
    pub request: Arc<Request>,
    /// Hears of its progress.
    pub progress: Option<Progress>,
    /// Hears what became of it, once, on whatever thread.
    pub settle: Box<dyn FnOnce(Outcome) + Send>,
}

/// A session, for people to look at.
#[derive(Debug)]
pub struct SessionStatus {
    /// The server's name.
    pub server: String,
    /// Its process, once it has one.
    pub pid: Option<u32>,
    /// What it is doing.
    pub state: MemberState,
    /// Since its start was begun.
    pub age: Duration,
    /// Since it had its last call; nothing while it has one.
    pub idle: Option<Duration>,
    /// How many calls it has been given.
    pub uses: u64,
    /// How many it is working on.
    pub in_flight: u32,
    /// How many lines it wrote that were no messages.
    pub garbage: u64,
}

impl McpPool {
    /// An empty pool. `limits` are about servers that are processes.
    pub fn new(registry: &Arc<Registry>, limits: Limits, runtime: &Handle) -> Arc<Self> {
        let definitions = Arc::<Definitions>::default();
        let pool = |limits| {
            let factory = SessionFactory { registry: Arc::clone(registry), definitions: Arc::clone(&definitions) };
            Pool::new(factory, limits, runtime.clone())
        };
        let connections = Limits { max_members: MAX_CONNECTIONS, max_starting: MAX_CONNECTING };
        let (processes, connections) = (pool(limits), pool(connections));
        let (granted, receiver) = mpsc::unbounded_channel();
        Arc::new_cyclic(|this| {
            runtime.spawn(Self::attend(Weak::clone(this), receiver));
            Self {
                definitions,
                processes,
                connections,
                calls: Calls::new(runtime.clone()),
                granted,
                #[cfg(feature = "http")]
                runtime: runtime.clone(),
            }
        })
    }

    /// Adds a server, or changes how it is used.
    pub fn define(&self, key: Key, definition: Definition) {
        let definition = Arc::new(definition);
        let (pool, rules) = (self.pool_of(&definition), definition.rules);
        self.definitions.set(key, Arc::clone(&definition));
        pool.define(key, rules);
    }

    /// Takes a server away: idle sessions end now, busy ones after their calls.
    pub fn retire(&self, key: Key) {
        if let Some(definition) = self.definitions.remove(key) {
            self.pool_of(&definition).retire(&key);
        }
    }

    /// Makes a call that may take so long, [`Duration::MAX`] for ever: sent once, whatever happens, unless a session ended
    /// before the server could see any of it. Its place in the queue is that of this function's call. Returns the session
    /// that was asked, if that was done at once.
    pub fn call(self: &Arc<Self>, call: Call, timeout: Duration) -> Option<Arc<Session>> {
        self.calls.begin(call.number, Instant::now().checked_add(timeout));
        let Some(definition) = self.definitions.get(call.key) else {
            self.calls.settle(call, Err(CallError::UnknownServer));
            return None;
        };
        self.place(Attempt { call, definition, tried: 0 })
    }

    /// Gives a call up.
    pub fn abort(&self, number: u32) {
        self.calls.give_up(number, CallError::Aborted);
    }

    /// Gives it a session that can be had at once, or else a place in the queue.
    fn place(self: &Arc<Self>, attempt: Attempt) -> Option<Arc<Session>> {
        let (pool, number) = (self.pool_of(&attempt.definition), attempt.call.number);
        if let Some(lease) = pool.try_checkout(&attempt.call.key) {
            return self.ask(attempt, lease);
        }
        let (key, granted) = (attempt.call.key, self.granted.clone());
        let tell = move |answer| granted.send((number, answer)).err().map(|refused| refused.0.1);
        self.calls.wait(attempt, || pool.checkout_to(&key, tell));
        None
    }

    /// Asks the sessions that those who waited are given, in the order in which they are.
    async fn attend(pool: Weak<Self>, mut granted: mpsc::UnboundedReceiver<(u32, Answer<SessionFactory>)>) {
        while let Some((number, answer)) = granted.recv().await {
            let Some(pool) = pool.upgrade() else { return };
            // A session for a call that was given up goes back.
            let Some(attempt) = pool.calls.waited(number) else { continue };
            match answer {
                Ok(lease) => drop(pool.ask(attempt, lease.delivered())),
                Err(refusal) => pool.calls.settle(attempt.call, Err(refusal.into())),
            }
        }
    }

    fn ask(self: &Arc<Self>, attempt: Attempt, lease: Lease<SessionFactory>) -> Option<Arc<Session>> {
        let session = lease.member();
        let conversation = match &session.way {
            Way::Pipes(pipes) => Arc::clone(&pipes.conversation),
            #[cfg(feature = "http")]
            Way::Connection(_) => {
                self.ask_connection(attempt, lease);
                return None;
            }
        };
        let Call { number, request, progress, .. } = &attempt.call;
        let (number, request, progress) = (*number, Arc::clone(request), progress.clone());
        let this = Arc::clone(self);
        let settle: Settle = Box::new(move |outcome, is_sent| this.finish(attempt, lease, outcome, is_sent));
        match self.calls.ask(number, &session, settle, |settle| conversation.register(progress, settle)) {
            Ok(asked) => {
                conversation.send(asked, &request);
                Some(session)
            }
            Err((error, settle)) => {
                settle(Err(error), false);
                None
            }
        }
    }

    #[cfg(feature = "http")]
    fn ask_connection(self: &Arc<Self>, attempt: Attempt, lease: Lease<SessionFactory>) {
        let Call { number, request, progress, .. } = &attempt.call;
        let exchange = Exchange::new(Arc::clone(request), progress.clone());
        match self.calls.serve(*number) {
            Ok(given_up) => {
                let this = Arc::clone(self);
                self.runtime.spawn(async move {
                    let outcome = lease.request(&exchange, why(given_up)).await;
                    this.finish(attempt, lease, outcome, exchange.sent().is_begun());
                });
            }
            Err(error) => self.finish(attempt, lease, Err(error), false),
        }
    }

    /// Gives the session back and settles the call, or makes it again where the server has not seen it.
    fn finish(self: &Arc<Self>, mut attempt: Attempt, lease: Lease<SessionFactory>, outcome: Outcome, is_sent: bool) {
        judge(&lease, &attempt.definition, &outcome);
        drop(lease);
        attempt.tried += 1;
        match outcome {
            Err(CallError::Exited(_)) if !is_sent && attempt.tried < MAX_SESSIONS_TRIED => {
                self.calls.again(attempt.call.number);
                self.place(attempt);
            }
            outcome => self.calls.settle(attempt.call, outcome),
        }
    }

    /// The calls that a server is working on: the caller's numbers, and the server's pid if it is a process.
    pub fn active(&self) -> Vec<(u32, Option<u32>)> {
        self.calls.served()
    }

    /// All sessions.
    pub fn sessions(&self) -> Vec<SessionStatus> {
        let mut all = self.processes.status();
        all.extend(self.connections.status());
        all.into_iter().map(|member| self.status(member)).collect()
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.processes.stats().with(&self.connections.stats())
    }

    /// How many calls wait for a session.
    pub fn queued(&self) -> usize {
        self.processes.queued() + self.connections.queued()
    }

    /// Takes no more calls, and ends each session after its last; returns when none is left.
    pub async fn drain(&self) {
        tokio::join!(self.processes.drain(), self.connections.drain());
    }

    /// Ends all sessions now; returns when nothing is left of them.
    pub async fn close(&self) {
        tokio::join!(self.processes.close(), self.connections.close());
    }

    fn pool_of(&self, definition: &Definition) -> &Pool<SessionFactory> {
        match definition.reach {
            Reach::Process(_) => &self.processes,
            Reach::Http(_) => &self.connections,
        }
    }

    fn status(&self, member: MemberStatus<SessionFactory>) -> SessionStatus {
        let MemberStatus { key, member, state, age, idle_for, uses, in_flight, .. } = member;
        SessionStatus {
            server: self.definitions.get(key).map(|definition| definition.name.clone()).unwrap_or_default(),
            pid: member.as_ref().and_then(|session| session.pid()),
            state,
            age,
            idle: idle_for,
            uses,
            in_flight,
            garbage: member.as_ref().map_or(0, |session| session.garbage()),
        }
    }
}

/// Retires a session that is not fit for another call.
///
/// Of a server that takes one call at a time, nobody can tell whether it still works on one that was given up.
fn judge(lease: &Lease<SessionFactory>, definition: &Definition, outcome: &Outcome) {
    let session: &Session = lease;
    if let Err(CallError::Exited(end)) = outcome {
        return lease.failed(StartError::Exited(end.clone()));
    }
    let is_unfit = match outcome {
        Err(CallError::TimedOut | CallError::Aborted) if definition.rules.max_in_flight == 1 => true,
        Err(CallError::TimedOut) => session.unanswered() >= MAX_UNANSWERED,
        Err(CallError::TooLong(_)) => true,
        _ => session.is_closed(),
    };
    if is_unfit {
        lease.spoil();
    }
}

#[cfg(feature = "http")]
async fn why(given_up: oneshot::Receiver<CallError>) -> CallError {
    match given_up.await {
        Ok(error) => error,
        // Whoever could give it up has gone on to something else.
        Err(_) => std::future::pending().await,
    }
}

impl From<Refusal<StartError>> for CallError {
    fn from(refusal: Refusal<StartError>) -> Self {
        match refusal {
            Refusal::Start(error) => Self::NotStarted(error),
            Refusal::Unavailable { retry_after, last } => Self::Unavailable { retry_after, last: Box::new(last) },
            Refusal::Closed => Self::Closed,
            Refusal::Unknown => Self::UnknownServer,
        }
    }
}
