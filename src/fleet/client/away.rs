//! The decisions of this process alone, while Redis is away.

use super::local::Local;
use super::{Client, Effect, Mode, OnUnreachable};
use std::time::Duration;

impl Client {
    pub(super) fn is_away(&self) -> bool {
        matches!(self.mode, Mode::Local { .. } | Mode::Unreachable { .. })
    }

    /// Decides about the waiters without Redis.
    pub(super) fn decide_alone(&mut self, now: Duration) {
        let reason = self.away_reason.clone();
        match self.options.on_unreachable {
            OnUnreachable::Local => {
                let mut local = Local::new(&self.options.terms, self.processes, &self.calls, now);
                for (server, &(until, _)) in &self.pauses {
                    local.pause(server, until, now);
                }
                self.mode = Mode::Local { share: local.share(), reason };
                self.local = Some(local);
                self.effects.push_back(Effect::Mode(self.mode.clone()));
            }
            OnUnreachable::Refuse => {
                self.mode = Mode::Unreachable { reason: reason.clone() };
                self.effects.push_back(Effect::Mode(self.mode.clone()));
                let waiting: Vec<_> = self.calls.waiting.keys().copied().collect();
                for id in waiting {
                    self.calls.stop_waiting(id);
                    self.effects.push_back(Effect::Refused { id, reason: reason.clone() });
                }
            }
        }
    }

    /// Lets Redis decide again.
    pub(super) fn come_back(&mut self) {
        self.away_since = None;
        self.local = None;
        if self.mode != Mode::Fleet {
            self.mode = Mode::Fleet;
            self.effects.push_back(Effect::Mode(Mode::Fleet));
        }
    }

    /// Starts what may start while Redis is away.
    pub(super) fn start_local(&mut self, now: Duration) {
        while let Some(id) = self.local.as_mut().and_then(|local| local.start_next(now)) {
            if self.calls.start(id, None, self.link.next_number()).is_some() {
                self.effects.push_back(Effect::Granted { id, fence: None, ticket: None });
            }
        }
    }
}
