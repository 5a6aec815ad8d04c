//! A process's side of a fleet: which of its calls have slots, as far as this process may rely on it.
//!
//! The client is a state machine. Events come in as method calls with the time, effects go out by
//! [`Client::take_effects`]. The driver gives it time by [`Client::tick`] at [`Client::next_wake`] at the latest.
//!
//! The client trusts its own monotonic clock for one thing: a slot is its call's until a lease after the time at which
//! the last answered heartbeat was sent, less the time that a process tree takes to end. Redis counts the same lease
//! from the heartbeat's arrival, which is later. So Redis never hands on a slot that its holder still relies on.

mod answers;
mod away;
mod calls;
mod effect;
mod link;
mod local;
mod options;
mod reliance;
mod requests;
mod status;

#[cfg(test)]
mod tests;

pub use effect::{Effect, Failure};
pub use link::RequestNumber;
pub use options::{LEASE, OnUnreachable, Options};
pub use status::{Mode, Status};

use super::script::{Answer, CallId, Command, Epoch, Notice, ProcessId, Usage, Version};
use calls::Calls;
use link::Link;
use local::Local;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The time for which Redis may be away before this process decides alone.
const PATIENCE: Duration = Duration::from_secs(2);

/// A process's side of a fleet.
#[derive(Debug)]
pub struct Client {
    process: ProcessId,
    options: Options,
    calls: Calls,
    link: Link,
    mode: Mode,
    /// The limit while Redis is away.
    local: Option<Local>,
    /// The time since which Redis has not answered; `None` while it does.
    away_since: Option<Duration>,
    /// The reason for that.
    away_reason: String,
    /// The time at which the last answered heartbeat was sent.
    lease_from: Option<Duration>,
    epoch: Option<Epoch>,
    /// The version of this process's limits, once Redis has given it.
    version: Option<Version>,
    /// The version in force that was last compared with this process's limits.
    compared: Version,
    processes: u32,
    usage: Option<Usage>,
    grace_until: Duration,
    /// The ends of the pauses that this process has asked for, and whether Redis still has to hear of it.
    pauses: BTreeMap<String, (Duration, bool)>,
    is_closed: bool,
    /// The time of the last event.
    now: Duration,
    effects: VecDeque<Effect>,
}

impl Client {
    /// Makes a client without a connection. `now` and all later times are of one monotonic clock.
    pub fn new(process: ProcessId, options: Options, now: Duration) -> Self {
        Self {
            process,
            options,
            calls: Calls::default(),
            link: Link::default(),
            mode: Mode::Connecting,
            local: None,
            away_since: Some(now),
            away_reason: "not connected yet".to_owned(),
            lease_from: None,
            epoch: None,
            version: None,
            compared: 0,
            processes: 0,
            usage: None,
            grace_until: Duration::ZERO,
            pauses: BTreeMap::new(),
            is_closed: false,
            now,
            effects: VecDeque::new(),
        }
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
        self.advance(now);
        if self.is_closed || matches!(self.mode, Mode::Unreachable { .. }) {
            let reason = if self.is_closed { "closed".to_owned() } else { self.away_reason.clone() };
            self.effects.push_back(Effect::Refused { id, reason });
            return;
        }
        self.calls.wait(id, server, cost);
        if let Some(local) = &mut self.local {
            local.wait(id, server, cost, now);
        }
        self.start_local(now);
    }

    /// Takes a waiting call back. Returns false if the call does not wait, and then does nothing.
    pub fn cancel(&mut self, id: CallId, now: Duration) -> bool {
        self.advance(now);
        let was_waiting = self.calls.stop_waiting(id).is_some();
        if let Some(local) = self.local.as_mut().filter(|_| was_waiting) {
            local.cancel(id, now);
        }
        self.start_local(now);
        was_waiting
    }

    /// Notes that a call that has its slots was sent to its server. Only a rate needs this.
    pub fn sent(&mut self, id: CallId, now: Duration) {
        self.advance(now);
        if let (Some(local), Some(holding)) = (&mut self.local, self.calls.held.get(&id)) {
            local.send(holding, now);
        }
        self.calls.date(id);
        self.start_local(now);
    }

    /// Gives the slots of a call back, also those of a lost one. Of any other call it does nothing.
    pub fn release(&mut self, id: CallId, now: Duration) {
        self.advance(now);
        if let (Some(holding), Some(local)) = (self.calls.release(id), &mut self.local) {
            local.release(&holding, now);
        }
        self.start_local(now);
    }

    /// Lets no call of the server start for a while, in the whole fleet. A longer pause stays.
    pub fn pause(&mut self, server: &str, time: Duration, now: Duration) {
        self.advance(now);
        let until = now.saturating_add(time);
        self.pauses.retain(|_, (end, _)| *end > now);
        let pause = self.pauses.entry(server.to_owned()).or_insert((until, true));
        *pause = (pause.0.max(until), true);
        if let Some(local) = &mut self.local {
            local.pause(server, until, now);
        }
        self.start_local(now);
    }

    /// Changes the overall limit of the whole fleet.
    pub fn resize(&mut self, limit: u32, now: Duration) {
        self.advance(now);
        self.options.terms.limit = limit;
        self.version = None;
        if let (Some(local), Mode::Local { share, .. }) = (&mut self.local, &mut self.mode) {
            local.resize(limit);
            *share = local.share();
            self.effects.push_back(Effect::Mode(self.mode.clone()));
        }
        self.start_local(now);
    }

    /// Notes a new connection, on which the process's channel is subscribed already.
    pub fn connected(&mut self, now: Duration) {
        self.advance(now);
        if !self.is_closed {
            self.cut();
            self.greet(now);
        }
    }

    /// Notes that there is no connection: it broke, or an attempt to make one failed.
    pub fn disconnected(&mut self, reason: &str, now: Duration) {
        self.advance(now);
        self.lose_link(reason, now);
        self.start_local(now);
    }

    /// Brings the answer to a command. Answers to forgotten requests are ignored.
    pub fn answered(&mut self, number: RequestNumber, answer: Result<Answer, Failure>, now: Duration) {
        self.advance(now);
        if let Some(request) = self.link.take(number).filter(|_| !self.is_closed) {
            match answer {
                Ok(answer) => self.hear(&request, answer, now),
                Err(Failure(reason)) => self.give_up(reason, now),
            }
        }
        self.start_local(now);
    }

    /// Brings a notice. Notices and answers must come in the order in which the connection brought them.
    pub fn noticed(&mut self, notice: Notice, now: Duration) {
        self.advance(now);
        // A grant that is ignored here is in the answer to the next heartbeat.
        if self.link.is_ready() {
            match notice {
                Notice::Granted(grants) => self.take_grants(grants, now),
                Notice::Wake(time) => self.link.poke_at(now.saturating_add(time)),
            }
        }
        self.start_local(now);
    }

    /// Does what time made due.
    pub fn tick(&mut self, now: Duration) {
        self.advance(now);
        self.start_local(now);
    }

    /// Returns the time of the next due [`Client::tick`].
    pub fn next_wake(&self) -> Option<Duration> {
        if self.is_closed {
            return None;
        }
        let decides = self.away_since.filter(|_| !self.is_away()).map(|since| since.saturating_add(PATIENCE));
        let local = self.local.as_ref().and_then(Local::next_time);
        let link = self.link.next_time(self.silence(), !self.calls.waiting.is_empty());
        [decides, local, link, self.next_lapse()].into_iter().flatten().min()
    }

    /// Returns the time until which no call loses its slots, if any call relies on a lease.
    pub fn relies_until(&self) -> Option<Duration> {
        self.next_lapse()
    }

    /// Takes the effects of the events since the last call. Events of one moment share commands.
    pub fn take_effects(&mut self) -> VecDeque<Effect> {
        if !self.is_closed {
            self.flush();
        }
        std::mem::take(&mut self.effects)
    }

    /// Ends the client, after its calls: waiting ones are forgotten, and Redis frees the slots of all others.
    /// The command for that is the last effect.
    pub fn close(&mut self, now: Duration) {
        if self.is_closed {
            return;
        }
        self.flush();
        self.is_closed = true;
        self.calls = Calls::default();
        self.local = None;
        if self.link.is_connected() {
            self.send(Command::Leave, now);
        }
    }

    /// Returns the state for status pages.
    pub fn status(&self, now: Duration) -> Status {
        Status {
            mode: self.mode.clone(),
            processes: self.processes,
            held: self.calls.held.len(),
            waiting: self.calls.waiting.len(),
            grace_left: self.grace_until.saturating_sub(now),
            usage: self.usage.filter(|_| self.mode == Mode::Fleet),
        }
    }

    /// Notes the use of the whole fleet, which Redis also tells without a heartbeat.
    pub fn note_usage(&mut self, usage: Usage) {
        self.usage = Some(usage);
    }

    /// Does what time made due, before anything else happens.
    fn advance(&mut self, now: Duration) {
        self.now = now;
        if self.is_closed {
            return;
        }
        self.lapse(now);
        if let Some(since) = self.link.silent_since(self.silence(), now) {
            let reason = format!("no answer for {} ms", self.silence().as_millis());
            self.away_since.get_or_insert(since);
            self.give_up(reason, now);
        }
        if !self.is_away() && self.away_since.is_some_and(|since| since.saturating_add(PATIENCE) <= now) {
            self.decide_alone(now);
        }
    }

    /// Sends what the events so far made due.
    fn flush(&mut self) {
        if self.link.is_ready() {
            self.send_due(self.now);
        }
    }
}
