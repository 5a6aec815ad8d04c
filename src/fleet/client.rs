//! A process's side of a fleet: which of its calls have slots, as far as this process may rely on it.
//!
//! The client is a state machine. Events come in as method calls with the time, effects go out by
//! [`Client::take_effects`]. The driver gives it time by [`Client::tick`] at [`Client::next_wake`] at the latest.
//!
//! The client trusts its own monotonic clock for one thing: a slot is its call's until a lease after the time at which
//! the last answered heartbeat was sent, less the time that a process tree takes to end. Redis counts the same lease
//! from the heartbeat's arrival, which is later. So Redis never hands on a slot that its holder still relies on.

mod options;

pub use options::{LEASE, OnUnreachable, Options};

use super::script::{Answer, CallId, Command, Fence, LimitsFound, Notice, ProcessId, Ticket};
use std::collections::VecDeque;
use std::time::Duration;

/// Identifies a command that was sent. Numbers rise and are never used twice.
pub type RequestNumber = u64;

/// The reason that a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// A thing to do for the driver, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a command on the current connection. Its answer comes back by [`Client::answered`].
    Send {
        /// The number of the request.
        number: RequestNumber,
        /// The command.
        command: Command,
    },
    /// Give the current connection up and make another one. The client has forgotten the requests on it, and
    /// [`Client::disconnected`] need not be called for it.
    Reconnect {
        /// The reason, for people.
        reason: String,
    },
    /// A call has its slots.
    Granted {
        /// The call.
        id: CallId,
        /// The fence; `None` for a call that starts while Redis is away.
        fence: Option<Fence>,
        /// The ticket; `None` if the call did not wait in Redis.
        ticket: Option<Ticket>,
    },
    /// A call must end, because Redis may soon hand its slots on. [`Client::release`] is still due when it has ended.
    Lost {
        /// The call.
        id: CallId,
        /// Its fence.
        fence: Option<Fence>,
    },
    /// A waiting call is over, because Redis is away.
    Refused {
        /// The call.
        id: CallId,
        /// The reason, for people.
        reason: String,
    },
    /// The state of the connection changed.
    Mode(Mode),
    /// A process of the fleet has other limits.
    LimitsDiffer(LimitsFound),
}

/// The place that decides about this process's calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Nothing yet: the first connection is being made.
    Connecting,
    /// Redis.
    Fleet,
    /// This process alone, because Redis is away.
    Local {
        /// The slots of this process.
        share: u32,
        /// The reason, for people.
        reason: String,
    },
    /// Nothing: Redis is away, and calls are refused.
    Unreachable {
        /// The reason, for people.
        reason: String,
    },
}

/// The state for status pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The place that decides.
    pub mode: Mode,
    /// The processes with a lease, as Redis said last; 0 before its first answer.
    pub processes: u32,
    /// The calls of this process that hold slots.
    pub held: usize,
    /// The calls of this process that wait.
    pub waiting: usize,
    /// The rest of the time after a loss of memory in which Redis grants nothing.
    pub grace_left: Duration,
}

/// A process's side of a fleet.
#[derive(Debug)]
pub struct Client {
    process: ProcessId,
    options: Options,
    effects: VecDeque<Effect>,
}

impl Client {
    /// Makes a client without a connection. `now` and all later times are of one monotonic clock.
    pub fn new(process: ProcessId, options: Options, now: Duration) -> Self {
        let _ = now;
        Self { process, options, effects: VecDeque::new() }
    }

    /// Returns the id of the process, which names its channel.
    pub fn process(&self) -> &ProcessId {
        &self.process
    }

    /// Returns the lease, for [`Command::arguments`].
    pub fn lease(&self) -> Duration {
        self.options.lease
    }

    /// Asks for the slots of a call. The caller counts `id` up from 1 and uses none twice.
    /// [`Effect::Granted`] or [`Effect::Refused`] follows, unless the call is cancelled.
    pub fn acquire(&mut self, id: CallId, server: &str, cost: u32, now: Duration) {
        let _ = (id, server, cost, now);
    }

    /// Takes a waiting call back. Returns false if the call does not wait, and then does nothing.
    pub fn cancel(&mut self, id: CallId, now: Duration) -> bool {
        let _ = (id, now);
        false
    }

    /// Notes that a call that has its slots was sent to its server. Only a rate needs this.
    pub fn sent(&mut self, id: CallId, now: Duration) {
        let _ = (id, now);
    }

    /// Gives the slots of a call back, also those of a lost one. Of any other call it does nothing.
    pub fn release(&mut self, id: CallId, now: Duration) {
        let _ = (id, now);
    }

    /// Lets no call of the server start for a while, in the whole fleet. A longer pause stays.
    pub fn pause(&mut self, server: &str, time: Duration, now: Duration) {
        let _ = (server, time, now);
    }

    /// Changes the overall limit of the whole fleet.
    pub fn resize(&mut self, limit: u32, now: Duration) {
        let _ = (limit, now);
    }

    /// Notes a new connection, on which the process's channel is subscribed already.
    pub fn connected(&mut self, now: Duration) {
        let _ = now;
    }

    /// Notes that there is no connection: it broke, or an attempt to make one failed.
    pub fn disconnected(&mut self, reason: &str, now: Duration) {
        let _ = (reason, now);
    }

    /// Brings the answer to a command. Answers to forgotten requests are ignored.
    pub fn answered(&mut self, number: RequestNumber, answer: Result<Answer, Failure>, now: Duration) {
        let _ = (number, answer, now);
    }

    /// Brings a notice. Notices and answers must come in the order in which the connection brought them.
    pub fn noticed(&mut self, notice: Notice, now: Duration) {
        let _ = (notice, now);
    }

    /// Does what time made due.
    pub fn tick(&mut self, now: Duration) {
        let _ = now;
    }

    /// Returns the time of the next due [`Client::tick`].
    pub fn next_wake(&self) -> Option<Duration> {
        None
    }

    /// Takes the effects so far. Call it after each event.
    pub fn take_effects(&mut self) -> VecDeque<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Ends the client: its waiting calls are forgotten, and Redis is told that the process leaves, if it can be.
    pub fn close(&mut self, now: Duration) {
        let _ = now;
    }

    /// Returns the state for status pages.
    pub fn status(&self, now: Duration) -> Status {
        let _ = now;
        Status { mode: Mode::Connecting, processes: 0, held: 0, waiting: 0, grace_left: Duration::ZERO }
    }
}
