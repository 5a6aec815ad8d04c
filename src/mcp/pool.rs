//! Calls to servers, over sessions that are started when they are needed and kept for a while.

use super::error::{CallError, StartError};
pub use super::in_flight::Call;
use super::in_flight::{Attempt, InFlight};
use super::request::{Outcome, Settle};
use super::server_config::{Key, ServerConfig, ServerConfigs, TransportConfig};
use super::session::Session;
use super::session_factory::SessionFactory;
use crate::pool::{Answer, Lease, Limits, MemberState, MemberStatus, Pool, Refusal, Stats};
use crate::registry::Registry;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The number of sessions over HTTP; they are no processes and cost little.
const MAX_CONNECTIONS: usize = 64;
/// The number of such sessions that may start at once.
const MAX_CONNECTING: usize = 8;
/// The number of sessions that a call is sent over, when each had just ended.
const MAX_SESSIONS_TRIED: usize = 3;
/// The number of calls in a row that were given up, after which a session is not used again.
const MAX_UNANSWERED: u32 = 2;

/// Sessions with all servers.
pub struct McpPool {
    configs: Arc<ServerConfigs>,
    processes: Pool<SessionFactory>,
    connections: Pool<SessionFactory>,
    calls: Arc<InFlight>,
    /// The sessions that waiting calls are granted, in the order of the grants.
    granted: mpsc::UnboundedSender<(u32, Answer<SessionFactory>)>,
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
        let configs = Arc::<ServerConfigs>::default();
        let pool = |limits| {
            let factory = SessionFactory { registry: Arc::clone(registry), configs: Arc::clone(&configs) };
            Pool::new(factory, limits, runtime.clone())
        };
        let connections = Limits { max_members: MAX_CONNECTIONS, max_starting: MAX_CONNECTING };
        let (processes, connections) = (pool(limits), pool(connections));
        let (granted, receiver) = mpsc::unbounded_channel();
        Arc::new_cyclic(|this| {
            runtime.spawn(Self::dispatch_grants(Weak::clone(this), receiver));
            Self { configs, processes, connections, calls: InFlight::new(runtime.clone()), granted }
        })
    }

    /// Adds a server, or changes how it is used.
    pub fn define(&self, key: Key, config: ServerConfig) {
        let config = Arc::new(config);
        self.configs.set(key, Arc::clone(&config));
        self.pool_of(&config).define(key, config.rules);
    }

    /// Removes a server: idle sessions end now, busy ones after their calls.
    pub fn retire(&self, key: Key) {
        if let Some(config) = self.configs.remove(key) {
            self.pool_of(&config).retire(&key);
        }
    }

    /// Makes a call that may take so long, [`Duration::MAX`] for ever. The request is sent once, whatever happens, unless the
    /// server has not seen or has refused it because its session ended. The call's place in the queue is that of this
    /// function's call. Returns the session, if the request was sent at once.
    pub fn call(self: &Arc<Self>, call: Call, timeout: Duration) -> Option<Arc<Session>> {
        self.calls.begin(call.number, Instant::now().checked_add(timeout));
        let Some(config) = self.configs.get(call.key) else {
            self.calls.settle(call, Err(CallError::UnknownServer));
            return None;
        };
        self.place(Attempt { call, config, tried: 0, is_refused: false })
    }

    /// Gives a call up.
    pub fn abort(&self, number: u32) {
        self.calls.give_up(number, CallError::Aborted);
    }

    /// Takes a session that is free, or else a place in the queue.
    fn place(self: &Arc<Self>, attempt: Attempt) -> Option<Arc<Session>> {
        let (pool, number) = (self.pool_of(&attempt.config), attempt.call.number);
        if let Some(lease) = pool.try_checkout(&attempt.call.key) {
            return self.send(attempt, lease);
        }
        let (key, granted) = (attempt.call.key, self.granted.clone());
        let tell = move |answer| granted.send((number, answer)).err().map(|refused| refused.0.1);
        self.calls.wait(attempt, || pool.checkout_to(&key, tell));
        None
    }

    /// Sends waiting calls over the sessions that they are granted, in the order of the grants.
    async fn dispatch_grants(pool: Weak<Self>, mut granted: mpsc::UnboundedReceiver<(u32, Answer<SessionFactory>)>) {
        while let Some((number, answer)) = granted.recv().await {
            let Some(pool) = pool.upgrade() else { return };
            // A session for a call that was given up goes back.
            let Some(attempt) = pool.calls.waited(number) else { continue };
            match answer {
                Ok(lease) => drop(pool.send(attempt, lease.delivered())),
                Err(refusal) => pool.calls.settle(attempt.call, Err(refusal.into())),
            }
        }
    }

    fn send(self: &Arc<Self>, attempt: Attempt, lease: Lease<SessionFactory>) -> Option<Arc<Session>> {
        let session = lease.member();
        let (number, request) = (attempt.call.number, Arc::clone(&attempt.call.request));
        let progress = attempt.call.progress.clone();
        let this = Arc::clone(self);
        let settle: Settle = Box::new(move |outcome, is_sent| this.finish(attempt, lease, outcome, is_sent));
        match self.calls.register(number, &session, progress, settle) {
            Ok(id) => {
                session.send(id, &request);
                Some(session)
            }
            Err((error, settle)) => {
                settle(Err(error), false);
                None
            }
        }
    }

    /// Gives the session back and settles the call, or makes the call again where the server has done nothing.
    fn finish(self: &Arc<Self>, mut attempt: Attempt, lease: Lease<SessionFactory>, outcome: Outcome, is_sent: bool) {
        retire_if_unusable(&lease, &attempt.config, &outcome);
        drop(lease);
        attempt.tried += 1;
        let is_refused = matches!(outcome, Err(CallError::SessionRefused(_)));
        let is_unsent = matches!(outcome, Err(CallError::Exited(_))) && !is_sent;
        if (is_refused && !attempt.is_refused) || (is_unsent && attempt.tried < MAX_SESSIONS_TRIED) {
            attempt.is_refused |= is_refused;
            self.calls.again(attempt.call.number);
            self.place(attempt);
        } else {
            self.calls.settle(attempt.call, outcome);
        }
    }

    /// Returns the calls that a server is working on: the caller's numbers, and the server's pid if it is a process.
    pub fn active(&self) -> Vec<(u32, Option<u32>)> {
        self.calls.sent()
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

    fn pool_of(&self, config: &ServerConfig) -> &Pool<SessionFactory> {
        match config.transport {
            TransportConfig::Stdio(_) => &self.processes,
            TransportConfig::Http(_) => &self.connections,
        }
    }

    fn status(&self, member: MemberStatus<SessionFactory>) -> SessionStatus {
        let MemberStatus { key, member, state, age, idle_for, uses, in_flight, .. } = member;
        SessionStatus {
            server: self.configs.get(key).map(|config| config.name.clone()).unwrap_or_default(),
            pid: member.as_ref().and_then(|session| session.pid()),
            state,
            age,
            idle: idle_for,
            uses,
            in_flight,
            garbage: member.as_ref().map_or(0, |session| session.invalid_lines()),
        }
    }
}

/// Retires a session that is not fit for another call.
///
/// A server that takes one call at a time may still work on a call that was given up, so it is not asked again.
fn retire_if_unusable(lease: &Lease<SessionFactory>, config: &ServerConfig, outcome: &Outcome) {
    let session: &Session = lease;
    if let Err(CallError::Exited(end)) = outcome {
        return lease.failed(StartError::Exited(end.clone()));
    }
    let is_unusable = match outcome {
        Err(CallError::TimedOut | CallError::Aborted) if config.rules.max_in_flight == 1 => true,
        Err(CallError::TimedOut) => session.unanswered() >= MAX_UNANSWERED,
        Err(CallError::TooLong(_) | CallError::SessionRefused(_) | CallError::Unauthorized(_)) => true,
        _ => session.is_closed(),
    };
    if is_unusable {
        lease.spoil();
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
