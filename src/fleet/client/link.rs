//! The connection, as far as the client sees it: the requests in flight, and the times of those that are due.

use super::{Client, Effect, RequestNumber};
use crate::fleet::script::Command;
use std::collections::VecDeque;
use std::time::Duration;

/// The most requests in flight; the rest waits here and goes out in fuller commands.
const MOST_IN_FLIGHT: usize = 16;
/// The longest time without an answer before the connection counts as dead.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);

#[derive(Debug, Default)]
pub(super) struct Link {
    phase: Phase,
    in_flight: VecDeque<Request>,
    last_number: RequestNumber,
    next_beat: Duration,
    /// The time at which the script has something to do for a waiter of this process.
    poke_at: Option<Duration>,
    /// True if the script left work over, waiters or not.
    has_work: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No connection.
    #[default]
    Away,
    /// The first command on a connection, or a join, is in flight, and nothing else may go before.
    Greeting,
    Ready,
}

#[derive(Debug)]
pub(super) struct Request {
    pub number: RequestNumber,
    pub command: Command,
    pub sent_at: Duration,
}

impl Link {
    pub fn is_connected(&self) -> bool {
        self.phase != Phase::Away
    }

    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    pub fn is_greeting(&self) -> bool {
        self.phase == Phase::Greeting
    }

    pub fn become_ready(&mut self) {
        self.phase = Phase::Ready;
    }

    pub fn next_number(&self) -> RequestNumber {
        self.last_number + 1
    }

    /// Takes a request out, because its answer came.
    pub fn take(&mut self, number: RequestNumber) -> Option<Request> {
        let at = self.in_flight.iter().position(|request| request.number == number)?;
        self.in_flight.remove(at)
    }

    pub fn poke_at(&mut self, time: Duration) {
        self.poke_at = Some(self.poke_at.map_or(time, |earlier| earlier.min(time)));
    }

    pub fn note_work(&mut self) {
        self.has_work = true;
    }

    pub fn beat_at(&mut self, time: Duration) {
        self.next_beat = time;
    }

    /// Returns the time at which the oldest request was sent, if that is too long ago.
    pub fn silent_since(&self, silence: Duration, now: Duration) -> Option<Duration> {
        self.in_flight.front().map(|request| request.sent_at).filter(|sent| sent.saturating_add(silence) <= now)
    }

    pub fn next_time(&self, silence: Duration, has_waiters: bool) -> Option<Duration> {
        let silent = self.in_flight.front().map(|request| request.sent_at.saturating_add(silence));
        let beat = (self.is_ready() && !self.has(is_beat)).then_some(self.next_beat);
        let poke = self.poke_at.filter(|_| self.is_ready() && has_waiters && !self.has(is_tick));
        [silent, beat, poke].into_iter().flatten().min()
    }

    fn has(&self, is_meant: fn(&Command) -> bool) -> bool {
        self.in_flight.iter().any(|request| is_meant(&request.command))
    }
}

impl Client {
    /// Returns the time without an answer after which the connection counts as dead.
    pub(super) fn silence(&self) -> Duration {
        LONGEST_SILENCE.min(self.options.beat())
    }

    /// Sends the first command on a connection. A process that Redis may know asks before it joins anew.
    pub(super) fn greet(&mut self, now: Duration) {
        if self.epoch.is_some() {
            self.link.phase = Phase::Greeting;
            self.send(Command::Beat { after: 0 }, now);
        } else {
            self.join_first(now);
        }
    }

    /// Joins, and sends nothing else before the answer.
    pub(super) fn join_first(&mut self, now: Duration) {
        self.link.phase = Phase::Greeting;
        if !self.link.has(is_join) {
            self.join(now);
        }
    }

    pub(super) fn join(&mut self, now: Duration) {
        let command =
            Command::Join { version: self.version, terms: self.options.terms.clone(), info: self.options.info.clone() };
        self.send(command, now);
    }

    pub(super) fn send(&mut self, command: Command, now: Duration) {
        self.link.last_number += 1;
        let number = self.link.last_number;
        self.link.in_flight.push_back(Request { number, command: command.clone(), sent_at: now });
        self.effects.push_back(Effect::Send { number, command });
    }

    /// Sends what is due, as far as the connection takes it.
    pub(super) fn send_due(&mut self, now: Duration) {
        if now >= self.link.next_beat && !self.link.has(is_beat) {
            self.link.next_beat = now.saturating_add(self.options.beat());
            self.send(Command::Beat { after: 0 }, now);
        }
        if self.version.is_none() && !self.link.has(is_join) {
            self.join(now);
        }
        let is_poked = self.link.poke_at.is_some_and(|time| time <= now) && !self.calls.waiting.is_empty();
        if (is_poked || self.link.has_work) && !self.link.has(is_tick) {
            (self.link.poke_at, self.link.has_work) = (None, false);
            self.send(Command::Tick, now);
        }
        self.send_pauses(now);
        while self.link.in_flight.len() < MOST_IN_FLIGHT {
            let Some(command) = self.calls.next_command(self.link.next_number()) else { break };
            self.send(command, now);
        }
    }

    fn send_pauses(&mut self, now: Duration) {
        let due: Vec<_> =
            self.pauses.iter().filter(|(_, (_, is_due))| *is_due).map(|(s, (t, _))| (s.clone(), *t)).collect();
        for (server, until) in due {
            self.pauses.insert(server.clone(), (until, false));
            if until > now {
                self.send(Command::Pause { server, time: until.saturating_sub(now) }, now);
            }
        }
    }

    /// Gives the connection up and asks for another one.
    pub(super) fn give_up(&mut self, reason: String, now: Duration) {
        self.lose_link(&reason, now);
        self.effects.push_back(Effect::Reconnect { reason });
    }

    pub(super) fn lose_link(&mut self, reason: &str, now: Duration) {
        reason.clone_into(&mut self.away_reason);
        self.away_since.get_or_insert(now);
        self.cut();
    }

    /// Forgets the requests in flight, and makes due again what Redis may not have heard.
    pub(super) fn cut(&mut self) {
        self.link.phase = Phase::Away;
        self.link.poke_at = None;
        for request in std::mem::take(&mut self.link.in_flight) {
            self.undo(&request.command);
        }
        // Another server may answer next, so Redis has to name each holder again.
        if let Some(lease_from) = self.lease_from {
            self.calls.doubt(lease_from);
        }
    }

    pub(super) fn undo(&mut self, command: &Command) {
        if let Command::Pause { server, .. } = command
            && let Some((_, is_due)) = self.pauses.get_mut(server)
        {
            *is_due = true;
        }
        self.calls.undo(command);
    }
}

fn is_beat(command: &Command) -> bool {
    matches!(command, Command::Beat { .. })
}

fn is_tick(command: &Command) -> bool {
    *command == Command::Tick
}

pub(super) fn is_join(command: &Command) -> bool {
    matches!(command, Command::Join { .. })
}
