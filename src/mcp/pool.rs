//! Calls to servers, over sessions that are started when they are needed and kept for a while.

use super::definition::{Definition, Reach};
use super::error::{CallError, StartError};
use super::exchange::{Exchange, Progress, Request};
use super::factory::{Definitions, Key, SessionFactory};
use super::session::Session;
use crate::pool::{Lease, Limits, MemberState, MemberStatus, Pool, Refusal};
use crate::registry::Registry;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, sleep_until};

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
    /// The calls that a server is working on, and its pid.
    calls: Mutex<BTreeMap<u32, Option<u32>>>,
}

/// A call, as its caller sees it.
pub struct Call {
    /// The caller's number for it.
    pub number: u32,
    /// The server's key.
    pub key: Key,
    /// What is asked.
    pub request: Request,
    /// How long it may take, the start of the server included; [`Duration::MAX`] for ever.
    pub timeout: Duration,
    /// Hears of its progress.
    pub progress: Option<Progress>,
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
    pub fn new(registry: &Arc<Registry>, limits: Limits, runtime: &Handle) -> Self {
        let definitions = Arc::<Definitions>::default();
        let pool = |limits| {
            let factory = SessionFactory { registry: Arc::clone(registry), definitions: Arc::clone(&definitions) };
            Pool::new(factory, limits, runtime.clone())
        };
        let connections = Limits { max_members: MAX_CONNECTIONS, max_starting: MAX_CONNECTING };
        Self { processes: pool(limits), connections: pool(connections), definitions, calls: Mutex::default() }
    }

    /// Adds a server, or changes how it is used.
    pub fn define(&self, key: Key, definition: Definition) {
        let definition = Arc::new(definition);
        let (pool, rules) = (self.pool_of(&definition), definition.rules);
        self.definitions.set(Arc::clone(&key), Arc::clone(&definition));
        pool.define(key, rules);
    }

    /// Takes a server away: idle sessions end now, busy ones after their calls.
    pub fn retire(&self, key: &Key) {
        if let Some(definition) = self.definitions.remove(key) {
            self.pool_of(&definition).retire(key);
        }
    }

    /// Makes a call: sent once, whatever happens, unless a session ended before the server could see any of it. Its place in
    /// the queue is that of this function's call, whenever the future runs.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn call<A: Future<Output = ()> + Send>(
        self: &Arc<Self>,
        call: Call,
        aborted: A,
    ) -> impl Future<Output = Result<String, CallError>> + Send + use<A> {
        let Call { number, key, request, timeout, progress } = call;
        let deadline = Instant::now().checked_add(timeout);
        let definition = self.definitions.get(&key);
        let mut place = definition.as_ref().map(|definition| self.place(definition, &key));
        let pool = Arc::clone(self);
        async move {
            let definition = definition.ok_or(CallError::UnknownServer)?;
            let request = Arc::new(request);
            let mut give_up = pin!(give_up(deadline, aborted));
            let mut tried = 0;
            loop {
                tried += 1;
                let lease = match place.take().unwrap_or_else(|| pool.place(&definition, &key)) {
                    Place::Lease(lease) => lease,
                    Place::Waits(waiting) => tokio::select! {
                        lease = waiting => lease.map_err(CallError::from)?,
                        error = &mut give_up => return Err(error),
                    },
                };
                let _listed = pool.list(number, lease.process.as_ref().map(|process| process.pid));
                let exchange = Exchange::new(Arc::clone(&request), progress.clone());
                let outcome = lease.request(&exchange, &mut give_up).await;
                judge(&lease, &definition, &outcome);
                match outcome {
                    Err(CallError::Exited(_)) if !exchange.sent().is_begun() && tried < MAX_SESSIONS_TRIED => {}
                    outcome => return outcome,
                }
            }
        }
    }

    /// A session that can be had at once, or else a place in the queue.
    fn place(&self, definition: &Definition, key: &Key) -> Place {
        let pool = self.pool_of(definition);
        match pool.try_checkout(key) {
            Some(lease) => Place::Lease(lease),
            None => Place::Waits(Box::pin(pool.checkout(key))),
        }
    }

    /// The calls that a server is working on: the caller's numbers, and the server's pid if it is a process.
    pub fn active(&self) -> Vec<(u32, Option<u32>)> {
        self.calls.lock().iter().map(|(number, pid)| (*number, *pid)).collect()
    }

    /// All sessions.
    pub fn sessions(&self) -> Vec<SessionStatus> {
        let mut all = self.processes.status();
        all.extend(self.connections.status());
        all.into_iter().map(|member| self.status(member)).collect()
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

    fn list(&self, number: u32, pid: Option<u32>) -> Listed<'_> {
        self.calls.lock().insert(number, pid);
        Listed { calls: &self.calls, number }
    }

    fn status(&self, member: MemberStatus<SessionFactory>) -> SessionStatus {
        let MemberStatus { key, member, state, age, idle_for, uses, in_flight, .. } = member;
        let process = member.as_ref().and_then(|session| session.process.as_ref());
        SessionStatus {
            server: self.definitions.get(&key).map(|definition| definition.name.clone()).unwrap_or_default(),
            pid: process.map(|process| process.pid),
            state,
            age,
            idle: idle_for,
            uses,
            in_flight,
            garbage: member.as_ref().map_or(0, |session| session.garbage()),
        }
    }
}

type Answer = Result<Lease<SessionFactory>, Refusal<StartError>>;

/// What a call has of the pool before it is sent.
enum Place {
    Lease(Lease<SessionFactory>),
    Waits(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

/// Keeps a call listed.
struct Listed<'a> {
    calls: &'a Mutex<BTreeMap<u32, Option<u32>>>,
    number: u32,
}

impl Drop for Listed<'_> {
    fn drop(&mut self) {
        self.calls.lock().remove(&self.number);
    }
}

/// Retires a session that is not fit for another call.
///
/// Of a server that takes one call at a time, nobody can tell whether it still works on one that was given up.
fn judge(lease: &Lease<SessionFactory>, definition: &Definition, outcome: &Result<String, CallError>) {
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

async fn give_up(deadline: Option<Instant>, aborted: impl Future<Output = ()>) -> CallError {
    let late = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = late => CallError::TimedOut,
        () = aborted => CallError::Aborted,
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
