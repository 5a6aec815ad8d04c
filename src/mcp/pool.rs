//! Calls to servers, over sessions that are started when they are needed and kept for a while.

use super::error::CallError;
use super::fitness::retire_if_unusable;
use super::in_flight::{Attempt, Call, InFlight, Stay, leave};
use super::pages::{BetweenPages, Page};
use super::request::{Outcome, Settle};
use super::server_config::{Key, ServerConfig, ServerConfigs, TransportConfig};
use super::server_counts::{PastCounts, ServerCounts};
use super::server_requests::{OnServerRequest, ServerRequests};
use super::session::Session;
use super::session_factory::{SessionFactory, StartingTrees};
use crate::admission::PendingStarts;
use crate::pool::{Answer, Dispatcher, Lease, Limits, MemberState, MemberStatus, Pool, Stats};
use crate::registry::Registry;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::Instant;

/// The number of sessions over HTTP; they are no processes and cost little.
const MAX_CONNECTIONS: usize = 64;
/// The number of such sessions that may start at once.
const MAX_CONNECTING: usize = 8;
/// The number of sessions that a call is sent over, when each had just ended.
const MAX_SESSIONS_TRIED: usize = 3;

/// Sessions with all servers.
pub struct McpPool {
    configs: Arc<ServerConfigs>,
    processes: Pool<SessionFactory>,
    connections: Pool<SessionFactory>,
    calls: Arc<InFlight>,
    pages: BetweenPages,
    requests: Arc<ServerRequests>,
    past: Mutex<PastCounts>,
    registry: Arc<Registry>,
    /// The trees of servers that are processes and not ready.
    starting: Arc<StartingTrees>,
}

/// A session and what it does.
#[derive(Debug)]
pub struct SessionStatus {
    /// The server's name.
    pub server: String,
    /// The pid of its process, once there is one.
    pub pid: Option<u32>,
    /// The state.
    pub state: MemberState,
    /// The time since the start was begun.
    pub age: Duration,
    /// The time since the last call, while the session is idle.
    pub idle: Option<Duration>,
    /// The number of calls so far.
    pub uses: u64,
    /// The number of calls in flight.
    pub in_flight: u32,
    /// The number of invalid lines.
    pub invalid_lines: u64,
}

impl McpPool {
    /// Makes an empty pool. `limits` are about servers that are processes. `on_request` is called with the servers' own
    /// requests.
    pub fn new(registry: &Arc<Registry>, limits: Limits, runtime: &Handle, on_request: OnServerRequest) -> Arc<Self> {
        let configs = Arc::<ServerConfigs>::default();
        let requests = ServerRequests::new(on_request);
        let starting = Arc::<StartingTrees>::default();
        let pool = |limits, starting: &Arc<StartingTrees>| {
            let (registry, configs) = (Arc::clone(registry), Arc::clone(&configs));
            let (requests, starting) = (Arc::clone(&requests), Arc::clone(starting));
            let factory = SessionFactory { registry, configs, pending: PendingStarts::default(), requests, starting };
            Pool::new(factory, limits, runtime.clone())
        };
        let connections = Limits { max_members: MAX_CONNECTIONS, max_starting: MAX_CONNECTING };
        let (processes, connections) = (pool(limits, &starting), pool(connections, &Arc::default()));
        processes.make_room_for(&registry.gate);
        Arc::new_cyclic(|this: &Weak<Self>| {
            let pool = this.clone();
            let dispatcher = Dispatcher::new(runtime, move |_, number, answer| {
                if let Some(pool) = pool.upgrade() {
                    pool.deliver(number, answer);
                }
            });
            let calls = InFlight::new(runtime.clone(), dispatcher);
            let (pages, past) = (BetweenPages::default(), Mutex::default());
            let (registry, requests) = (Arc::clone(registry), Arc::clone(&requests));
            Self {
                configs,
                processes,
                connections,
                calls,
                pages,
                requests,
                past,
                registry,
                starting: Arc::clone(&starting),
            }
        })
    }

    /// Adds a server, or changes its configuration.
    pub fn define(&self, key: Key, config: ServerConfig) {
        let config = Arc::new(config);
        self.configs.set(key, Arc::clone(&config));
        self.pool_of(&config).define(key, config.rules);
    }

    /// Removes a server: idle sessions end now, busy ones after their calls.
    pub fn retire(&self, key: Key) {
        if let Some(config) = self.configs.remove(key) {
            self.pool_of(&config).retire(&key);
            let mut past = self.past.lock();
            past.retire(key, config.name.clone());
            past.settle(|key| self.forget(key));
        }
    }

    /// Makes a call. A `timeout` of [`Duration::MAX`] is none. Returns the session, if the request was sent at once.
    ///
    /// A request is sent once. It is sent again only if its session ended before the server saw the request, or if the
    /// server refused the session. Calls are queued in the order of these calls.
    pub fn call(self: &Arc<Self>, call: Call, timeout: Duration) -> Option<Arc<Session>> {
        self.calls.begin(call.number, Instant::now().checked_add(timeout));
        if let Some(Page::After(before)) = call.page {
            let Some((config, lease)) = self.pages.take(before) else {
                self.calls.settle(call, Err(CallError::Closed));
                return None;
            };
            return self.send(Attempt { call, config, tried: 0, is_refused: false }, lease);
        }
        let Some(config) = self.configs.get(call.key) else {
            self.calls.settle(call, Err(CallError::UnknownServer));
            return None;
        };
        self.place(Attempt { call, config, tried: 0, is_refused: false })
    }

    /// Returns whether a call that comes after `ahead` others could make the pool start a process. The reservations of the server
    /// count as capacity, but for so many `uncounted` ones.
    pub fn needs_process(&self, key: Key, ahead: usize, uncounted: usize) -> bool {
        let config = self.configs.get(key).filter(|config| matches!(config.transport, TransportConfig::Stdio(_)));
        config.is_some_and(|config| {
            let reserved = self.processes.factory().registry.gate.reserved(&config.name).saturating_sub(uncounted);
            self.processes.needs_start(&key, ahead, reserved)
        })
    }

    /// Ends a list after the page of the call with this number.
    pub fn end_pages(&self, number: u32) {
        drop(self.pages.take(number));
    }

    /// Answers a request of a server's. `answer` is the member `result` or `error`, as JSON text.
    pub fn answer(&self, number: u32, answer: &str) {
        self.requests.answer(number, answer);
    }

    /// Notes that a request which stays has begun.
    pub fn begun(&self, number: u32) {
        self.calls.begun(number);
    }

    /// Asks the server for log messages from this level on, in each session when it is used next.
    pub fn set_log_level(&self, key: Key, level: String) {
        if let Some(config) = self.configs.get(key) {
            let config = ServerConfig { log_level: Some(level), ..(*config).clone() };
            self.configs.set(key, Arc::new(config));
        }
    }

    /// Takes the events of a server, as JSON text.
    pub fn take_events(&self, key: Key) -> Option<String> {
        self.configs.get(key).map(|config| config.events.take())
    }

    /// Gives a call up.
    pub fn abort(&self, number: u32) {
        self.calls.give_up(number, CallError::Aborted);
    }

    /// Sends a call over an available session, or else queues it for one.
    fn place(self: &Arc<Self>, attempt: Attempt) -> Option<Arc<Session>> {
        let pool = self.pool_of(&attempt.config);
        if let Some(lease) = pool.try_checkout(&attempt.call.key) {
            return self.send(attempt, lease);
        }
        self.calls.wait(attempt, pool);
        None
    }

    /// Sends a waiting call over the session that it is granted.
    fn deliver(self: &Arc<Self>, number: u32, answer: Answer<SessionFactory>) {
        // A session for a call that was given up goes back.
        let Some(attempt) = self.calls.waited(number) else { return };
        match answer {
            Ok(lease) => drop(self.send(attempt, lease)),
            Err(refusal) => self.calls.settle(attempt.call, Err(refusal.into())),
        }
    }

    fn send(self: &Arc<Self>, attempt: Attempt, lease: Lease<SessionFactory>) -> Option<Arc<Session>> {
        let lease = if attempt.call.stay.is_some() { lease.held() } else { lease };
        let session = lease.member();
        if let Some(level) = &attempt.config.log_level {
            session.adopt_log_level(level);
        }
        let (number, request) = (attempt.call.number, Arc::clone(&attempt.call.request));
        let listeners = attempt.call.listeners.clone();
        let this = Arc::clone(self);
        let settle: Settle = Box::new(move |outcome, is_sent| this.finish(attempt, lease, outcome, is_sent));
        match self.calls.register(number, &session, listeners, settle) {
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
        attempt.call.is_stateless = lease.is_stateless();
        retire_if_unusable(&lease, &attempt, &outcome);
        if let Some(Stay::UntilLeft(_)) = &attempt.call.stay {
            match outcome {
                Ok(answer) => return self.begin_stay(attempt.call, lease, answer),
                // The server may take the subscription all the same.
                Err(CallError::Aborted | CallError::TimedOut) if is_sent => leave(&attempt.call, &lease),
                Err(_) => {}
            }
        }
        if outcome.is_ok() && attempt.call.page.is_some() {
            self.pages.keep(attempt.call.number, attempt.config, lease);
            return self.calls.settle(attempt.call, outcome);
        }
        drop(lease);
        if matches!(attempt.call.page, Some(Page::After(_))) {
            // A cursor means something to its own session only.
            return self.calls.settle(attempt.call, outcome);
        }
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

    /// Keeps a request that the server's answer has begun, unless the server turns out to have no way for updates.
    fn begin_stay(self: &Arc<Self>, call: Call, lease: Lease<SessionFactory>, answer: String) {
        let (this, session) = (Arc::clone(self), lease.member());
        session.when_stream_is_known(move |refusal| {
            if let Some(status) = refusal {
                leave(&call, &lease);
                drop(lease);
                return this.calls.settle(call, Err(CallError::NoStream(status)));
            }
            let begun = call.listeners.begun.clone();
            if this.calls.keep(call, lease)
                && let Some(begun) = begun
            {
                begun(answer);
            }
        });
    }

    /// Returns the calls that a server is working on: the caller's numbers, and the server's pid if it is a process.
    pub fn active(&self) -> Vec<(u32, Option<u32>)> {
        self.calls.sent()
    }

    /// Returns all sessions.
    pub fn sessions(&self) -> Vec<SessionStatus> {
        let processes = self.processes.status().into_iter().map(|member| {
            let starting = self.starting.tree(member.number);
            self.status(member, starting)
        });
        let connections = self.connections.status().into_iter().map(|member| self.status(member, None));
        processes.chain(connections).collect()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> Stats {
        self.processes.stats().with(&self.connections.stats())
    }

    /// Returns the counts so far by server.
    pub fn counts(&self) -> BTreeMap<String, ServerCounts> {
        let mut past = self.past.lock();
        past.settle(|key| self.forget(key));
        let present = self.processes.keys().into_iter().chain(self.connections.keys()).collect();
        past.by_name(
            present,
            |key| self.processes.stats_of(&key).with(&self.connections.stats_of(&key)),
            |key| self.configs.get(key).map(|config| config.name.clone()),
        )
    }

    /// Takes the counts of a configuration that has gone, unless one of its sessions has not ended.
    fn forget(&self, key: Key) -> Option<Stats> {
        let has_ended = self.processes.has_ended(&key) && self.connections.has_ended(&key);
        has_ended.then(|| self.processes.forget(&key).with(&self.connections.forget(&key)))
    }

    /// Returns the number of calls that wait for a session.
    pub fn queued(&self) -> usize {
        self.processes.queued() + self.connections.queued()
    }

    /// Takes no more calls, and ends each session after its last call. Returns when the last session has ended.
    pub async fn drain(&self) {
        tokio::join!(self.processes.drain(), self.connections.drain());
    }

    /// Fails all calls and ends all sessions. Returns when the last session has ended.
    pub async fn shut_down(&self) {
        self.pages.clear();
        tokio::join!(self.processes.shut_down(), self.connections.shut_down());
    }

    fn pool_of(&self, config: &ServerConfig) -> &Pool<SessionFactory> {
        match config.transport {
            TransportConfig::Stdio(_) => &self.processes,
            TransportConfig::Http(_) => &self.connections,
        }
    }

    /// Describes a session. `starting` is its process tree while it is not ready.
    fn status(&self, member: MemberStatus<SessionFactory>, starting: Option<u64>) -> SessionStatus {
        let MemberStatus { key, member, state, age, idle_for, uses, in_flight, .. } = member;
        let starting_pid = || self.registry.get(starting?)?.pid;
        SessionStatus {
            server: self.configs.get(key).map(|config| config.name.clone()).unwrap_or_default(),
            pid: member.as_ref().map_or_else(starting_pid, |session| session.pid()),
            state,
            age,
            idle: idle_for,
            uses,
            in_flight,
            invalid_lines: member.as_ref().map_or(0, |session| session.invalid_lines()),
        }
    }
}
