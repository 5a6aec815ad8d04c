//! The connection, as far as the client sees it: the requests in flight, and the times of those that are due.

use crate::fleet::script::Command;
use std::collections::VecDeque;
use std::time::Duration;

/// Identifies a command that was sent. Numbers rise and are never used twice.
pub type RequestNumber = u64;

#[derive(Debug, Default)]
pub(super) struct Link {
    pub phase: Phase,
    pub in_flight: VecDeque<Request>,
    pub last_number: RequestNumber,
    pub next_beat: Duration,
    /// The time at which the script has something to do for a waiter of this process.
    pub poke_at: Option<Duration>,
    /// True if the script left work over, waiters or not.
    pub has_work: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
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

    pub fn has(&self, is_meant: fn(&Command) -> bool) -> bool {
        self.in_flight.iter().any(|request| is_meant(&request.command))
    }
}

pub(super) fn is_beat(command: &Command) -> bool {
    matches!(command, Command::Beat { .. })
}

pub(super) fn is_tick(command: &Command) -> bool {
    *command == Command::Tick
}

pub(super) fn is_join(command: &Command) -> bool {
    matches!(command, Command::Join { .. })
}
