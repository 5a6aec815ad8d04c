//! The commands that the client sends, and the loss of the connection that carries them.

use super::link::{Phase, Request, is_beat, is_join, is_tick};
use super::{Client, Effect};
use crate::fleet::script::Command;
use std::time::Duration;

/// The most requests in flight; the rest waits here and goes out in fuller commands.
const MOST_IN_FLIGHT: usize = 16;
/// The longest time without an answer before the connection counts as dead.
const LONGEST_SILENCE: Duration = Duration::from_secs(2);

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
