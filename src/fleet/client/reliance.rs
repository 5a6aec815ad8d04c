//! The time until which this process may rely on the slots of its calls.

use super::calls::Standing;
use super::{Client, Effect, OnUnreachable};
use crate::fleet::script::CallId;
use std::time::Duration;

/// The delay of a tick from which on this process counts as stopped, and not Redis as away.
const STOPPED: Duration = Duration::from_secs(1);

impl Client {
    /// Returns the time at which the next call loses its slots.
    pub(super) fn next_lapse(&self) -> Option<Duration> {
        let confirmed = self.lease_from.filter(|_| self.calls.any_confirmed());
        let unconfirmed = self.calls.first_unconfirmed().map(|(from, _)| from);
        confirmed.into_iter().chain(unconfirmed).min().map(|from| self.end_of(from))
    }

    /// Returns whether calls may still rely on the lease of the process.
    pub(super) fn is_lease_valid(&self, now: Duration) -> bool {
        self.lease_from.is_some_and(|from| now < self.end_of(from))
    }

    /// Ends the calls whose lease is over. While Redis is away they may go on, if the settings say so.
    pub(super) fn lapse(&mut self, now: Duration) {
        if self.next_lapse().is_none_or(|end| now < end) {
            return;
        }
        let was_stopped = self.next_wake().is_some_and(|due| due.saturating_add(STOPPED) < now);
        let is_kept = self.options.on_unreachable == OnUnreachable::Local && self.away_since.is_some() && !was_stopped;
        if is_kept && self.local.is_none() {
            self.decide_alone(now);
        }
        let mut ids = Vec::new();
        if self.lease_from.is_some_and(|from| self.end_of(from) <= now) {
            ids = self.calls.with_standing(|standing| standing == Standing::Confirmed);
        }
        for id in ids {
            self.end_reliance(id, is_kept);
        }
        while let Some((from, id)) = self.calls.first_unconfirmed() {
            if self.end_of(from) > now {
                break;
            }
            self.end_reliance(id, is_kept);
        }
    }

    fn end_reliance(&mut self, id: CallId, is_kept: bool) {
        if is_kept {
            self.calls.stand(id, Standing::Kept);
            return;
        }
        self.calls.stand(id, Standing::Lost);
        let fence = self.calls.held.get(&id).and_then(|holding| holding.fence);
        self.effects.push_back(Effect::Lost { id, fence });
    }

    /// Returns the end of a lease, less the time that a process tree takes to end.
    fn end_of(&self, lease_from: Duration) -> Duration {
        lease_from.saturating_add(self.options.lease.saturating_sub(self.options.margin()))
    }
}
