//! The answers of Redis, and what follows from each.

use super::calls::Standing;
use super::link::{Request, is_join};
use super::{Client, Effect};
use crate::fleet::script::{Answer, CallId, Command, Detail, Grant, Held};
use std::collections::HashSet;
use std::time::Duration;

impl Client {
    pub(super) fn hear(&mut self, request: &Request, answer: Answer, now: Duration) {
        self.processes = answer.processes;
        self.grace_until = now.saturating_add(answer.grace);
        match answer.wake {
            Some(Duration::ZERO) => self.link.note_work(),
            Some(time) => self.link.poke_at(now.saturating_add(time)),
            None => {}
        }
        let is_new_epoch = self.epoch.replace(answer.epoch).is_some_and(|before| before != answer.epoch);
        // The lease of a call that this epoch does not know yet must not be extended with that of the process.
        let lease_before = self.lease_from;
        let is_lost = !answer.is_known || is_new_epoch;
        if let Some(lease_from) = lease_before.filter(|_| is_lost) {
            self.calls.doubt(lease_from);
        }
        if !answer.is_known {
            self.undo(&request.command);
            self.join_first(now);
            return;
        }
        let is_first_join = is_join(&request.command) && self.link.is_greeting();
        if is_new_epoch || is_first_join {
            self.restore();
        }
        if matches!(request.command, Command::Join { .. } | Command::Beat { .. }) {
            self.renew(request);
        }
        self.hear_detail(request, answer.detail, lease_before, now);
        self.take_grants(answer.grants, now);
        self.compare_limits(answer.version, now);
    }

    fn restore(&mut self) {
        self.calls.restore();
        for (_, is_due) in self.pauses.values_mut() {
            *is_due = true;
        }
    }

    /// Extends the lease from the time at which the answered command was sent.
    fn renew(&mut self, request: &Request) {
        self.lease_from = self.lease_from.max(Some(request.sent_at));
        if self.link.is_greeting() {
            self.link.become_ready();
            self.link.beat_at(request.sent_at.saturating_add(self.options.beat()));
            self.calls.ask_again();
        }
        self.come_back();
    }

    fn hear_detail(&mut self, request: &Request, detail: Detail, lease_before: Option<Duration>, now: Duration) {
        match (&request.command, detail) {
            (Command::Join { terms, .. }, Detail::Joined { version, others }) => {
                if *terms == self.options.terms {
                    self.version = Some(version);
                }
                if let Some(found) = others {
                    self.effects.push_back(Effect::LimitsDiffer(found));
                }
            }
            (&Command::Beat { after }, Detail::Holders { usage, until, held }) => {
                self.note_usage(usage);
                self.compare_holders(request, after + 1..=until.unwrap_or(CallId::MAX), &held, lease_before, now);
                if let Some(after) = until {
                    self.send(Command::Beat { after }, now);
                }
            }
            (Command::Acquire(_) | Command::Replace { .. }, Detail::Waiting(tickets)) => {
                for (id, ticket) in tickets {
                    if let Some(waiting) = self.calls.waiting.get_mut(&id) {
                        waiting.ticket = Some(ticket);
                    }
                }
            }
            (Command::Reclaim(holders), _) => holders.iter().for_each(|holder| self.calls.reclaimed(holder.id)),
            _ => {}
        }
    }

    /// Compares the holders here with those in Redis: lost notices come in, lost releases go out, and a holder that
    /// Redis does not know is taken back.
    fn compare_holders(
        &mut self,
        request: &Request,
        range: std::ops::RangeInclusive<CallId>,
        listed: &[Held],
        lease_before: Option<Duration>,
        now: Duration,
    ) {
        let ids: HashSet<_> = listed.iter().map(|held| held.id).collect();
        let held_here = self.calls.held.range(range).filter(|(id, _)| !ids.contains(id));
        let should_be_listed = held_here
            .filter(|(_, holding)| holding.listed_from <= request.number && holding.standing != Standing::Lost);
        let missing: Vec<_> = should_be_listed.map(|(&id, holding)| (id, holding.standing)).collect();
        for (id, standing) in missing {
            if let (Standing::Confirmed, Some(lease_from)) = (standing, lease_before) {
                self.calls.stand(id, Standing::Unconfirmed(lease_from));
            }
            self.calls.reclaim(id);
        }
        for &Held { id, fence, is_rated } in listed {
            if self.calls.held.contains_key(&id) {
                self.calls.reclaimed(id);
            } else if let Some(fence) = fence {
                self.take_grants(vec![Grant { id, fence, ticket: None, is_rated }], now);
            } else {
                self.calls.disown(id);
            }
        }
    }

    /// Gives calls their slots, unless the lease is over: then the next heartbeat's answer names them again.
    pub(super) fn take_grants(&mut self, grants: Vec<Grant>, now: Duration) {
        if !self.is_lease_valid(now) {
            return;
        }
        for Grant { id, fence, ticket, is_rated } in grants {
            let known = self.calls.waiting.get(&id).map(|waiting| waiting.ticket);
            let Some(ticket_before) = known else {
                // Redis may repeat a grant. A call that is over here must end there too.
                if let Some(holding) = self.calls.held.get_mut(&id) {
                    holding.is_rated |= is_rated;
                } else {
                    self.calls.disown(id);
                }
                continue;
            };
            if let Some(holding) = self.calls.start(id, Some(fence), self.link.next_number()) {
                holding.is_rated = is_rated;
                self.effects.push_back(Effect::Granted { id, fence: Some(fence), ticket: ticket.or(ticket_before) });
            }
        }
    }

    /// Asks for the limits in force if they are not this process's.
    fn compare_limits(&mut self, in_force: u64, now: Duration) {
        let is_other = self.version.is_some_and(|version| version != in_force) && self.compared != in_force;
        self.compared = in_force;
        if is_other && self.link.is_ready() {
            self.join(now);
        }
    }
}
