//! The calls of a process: those that wait, those that hold slots, and what Redis has to hear about them.

use crate::fleet::script::{Ask, CallId, Command, Fence, MOST_ITEMS, Reclaim, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A call that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub server: String,
    pub cost: u32,
    pub ticket: Option<Ticket>,
    /// True if Redis may know the call.
    pub was_asked: bool,
}

/// A call that has its slots, until it is released.
#[derive(Debug)]
pub(super) struct Holding {
    pub server: String,
    pub cost: u32,
    pub fence: Option<Fence>,
    pub standing: Standing,
    /// True if its server's rate needs the time of its sending.
    pub is_rated: bool,
    pub is_sent: bool,
    /// True if Redis may know the call.
    pub is_in_redis: bool,
    /// The first heartbeat whose list has to have the call.
    pub listed_from: u64,
}

/// The ground on which a call relies on its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The lease of the process.
    Confirmed,
    /// A lease that began at this time: Redis has not said on this connection that it knows the call.
    Unconfirmed(Duration),
    /// None: the call goes on while Redis is away, because the settings say so.
    Kept,
    /// None: the call was told to end.
    Lost,
}

/// The calls, by number, which is the order of their arrival.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub waiting: BTreeMap<CallId, Waiting>,
    pub held: BTreeMap<CallId, Holding>,
    /// The unconfirmed holders by the time at which their lease began.
    unconfirmed: BTreeSet<(Duration, CallId)>,
    confirmed: usize,
    to_ask: BTreeSet<CallId>,
    to_reclaim: BTreeSet<CallId>,
    to_release: BTreeSet<CallId>,
    to_date: BTreeSet<CallId>,
}

impl Calls {
    pub fn wait(&mut self, id: CallId, server: &str, cost: u32) {
        self.waiting.insert(id, Waiting { server: server.to_owned(), cost, ticket: None, was_asked: false });
        self.to_ask.insert(id);
    }

    /// Ends a wait. Redis hears about it if it may know the call.
    pub fn stop_waiting(&mut self, id: CallId) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        self.to_ask.remove(&id);
        if waiting.was_asked {
            self.to_release.insert(id);
        }
        Some(waiting)
    }

    /// Turns a waiter into a holder.
    pub fn start(&mut self, id: CallId, fence: Option<Fence>, listed_from: u64) -> Option<&mut Holding> {
        let waiting = self.waiting.remove(&id)?;
        self.to_ask.remove(&id);
        let Waiting { server, cost, was_asked, .. } = waiting;
        let holding = Holding {
            server,
            cost,
            fence,
            standing: Standing::Lost,
            is_rated: false,
            is_sent: false,
            is_in_redis: was_asked,
            listed_from,
        };
        self.held.insert(id, holding);
        self.stand(id, if fence.is_some() { Standing::Confirmed } else { Standing::Kept });
        self.held.get_mut(&id)
    }

    pub fn release(&mut self, id: CallId) -> Option<Holding> {
        self.stand(id, Standing::Lost);
        let holding = self.held.remove(&id)?;
        self.to_reclaim.remove(&id);
        self.to_date.remove(&id);
        if holding.is_in_redis {
            self.to_release.insert(id);
        }
        Some(holding)
    }

    /// Ends a call that Redis has and this process has not.
    pub fn disown(&mut self, id: CallId) {
        self.to_release.insert(id);
    }

    pub fn date(&mut self, id: CallId) {
        let Some(holding) = self.held.get_mut(&id) else { return };
        // A call that is sent a second time counts twice.
        holding.is_sent = true;
        if holding.is_rated {
            self.to_date.insert(id);
        }
    }

    /// Changes the ground on which a call relies on its slots.
    pub fn stand(&mut self, id: CallId, standing: Standing) {
        let Some(holding) = self.held.get_mut(&id) else { return };
        match std::mem::replace(&mut holding.standing, standing) {
            Standing::Confirmed => self.confirmed -= 1,
            Standing::Unconfirmed(from) => drop(self.unconfirmed.remove(&(from, id))),
            Standing::Kept | Standing::Lost => {}
        }
        match standing {
            Standing::Confirmed => self.confirmed += 1,
            Standing::Unconfirmed(from) => drop(self.unconfirmed.insert((from, id))),
            Standing::Kept | Standing::Lost => {}
        }
    }

    /// Returns whether a call relies on the lease of the process.
    pub fn any_confirmed(&self) -> bool {
        self.confirmed > 0
    }

    /// Returns the earliest beginning of a lease on which an unconfirmed holder relies.
    pub fn first_unconfirmed(&self) -> Option<(Duration, CallId)> {
        self.unconfirmed.first().copied()
    }

    pub fn with_standing(&self, is_meant: impl Fn(Standing) -> bool) -> Vec<CallId> {
        self.held.iter().filter(|(_, holding)| is_meant(holding.standing)).map(|(&id, _)| id).collect()
    }

    /// Lets no holder rely on a lease that begins later than now, until Redis says that it knows the holder.
    pub fn doubt(&mut self, lease_from: Duration) {
        if self.confirmed == 0 {
            return;
        }
        for id in self.with_standing(|standing| standing == Standing::Confirmed) {
            self.stand(id, Standing::Unconfirmed(lease_from));
        }
    }

    /// Takes back all holders that may be, and asks again for all waiters.
    pub fn restore(&mut self) {
        self.to_release.clear();
        self.ask_again();
        let ids = self.with_standing(|standing| standing != Standing::Lost);
        self.to_reclaim.extend(ids);
    }

    pub fn ask_again(&mut self) {
        self.to_ask.extend(self.waiting.keys());
    }

    fn ask_again_for(&mut self, asks: &[Ask]) {
        self.to_ask.extend(asks.iter().map(|ask| ask.id).filter(|id| self.waiting.contains_key(id)));
    }

    pub fn reclaim(&mut self, id: CallId) {
        self.to_reclaim.insert(id);
    }

    /// Redis has taken a holder back.
    pub fn reclaimed(&mut self, id: CallId) {
        if self.held.get(&id).is_some_and(|holding| holding.standing != Standing::Lost) {
            self.stand(id, Standing::Confirmed);
        }
    }

    /// Makes a command due again, because Redis did not execute it, or may not have.
    pub fn undo(&mut self, command: &Command) {
        match command {
            Command::Release(ended) => self.to_release.extend(ended),
            Command::Replace { ended, asks } => {
                self.to_release.extend(ended);
                self.ask_again_for(asks);
            }
            Command::Sent(ids) => self.to_date.extend(ids.iter().filter(|id| self.held.contains_key(id))),
            Command::Acquire(asks) => self.ask_again_for(asks),
            Command::Reclaim(holders) => {
                self.to_reclaim.extend(holders.iter().map(|each| each.id).filter(|id| self.held.contains_key(id)));
            }
            _ => {}
        }
    }

    /// Returns the next command that is due, releases before asks.
    pub fn next_command(&mut self, number: u64) -> Option<Command> {
        if !self.to_reclaim.is_empty() {
            let ids = take(&mut self.to_reclaim);
            let holders: Vec<_> = ids.into_iter().filter_map(|id| self.reclaim_of(id, number)).collect();
            if !holders.is_empty() {
                return Some(Command::Reclaim(holders));
            }
        }
        if !self.to_date.is_empty() {
            return Some(Command::Sent(take(&mut self.to_date)));
        }
        let ended = take(&mut self.to_release);
        let asks: Vec<_> = take(&mut self.to_ask).into_iter().filter_map(|id| self.ask_of(id)).collect();
        match (ended.is_empty(), asks.is_empty()) {
            (true, true) => None,
            (true, false) => Some(Command::Acquire(asks)),
            (false, true) => Some(Command::Release(ended)),
            (false, false) => Some(Command::Replace { ended, asks }),
        }
    }

    fn ask_of(&mut self, id: CallId) -> Option<Ask> {
        let waiting = self.waiting.get_mut(&id)?;
        waiting.was_asked = true;
        Some(Ask { id, server: waiting.server.clone(), cost: waiting.cost, ticket: waiting.ticket })
    }

    fn reclaim_of(&mut self, id: CallId, number: u64) -> Option<Reclaim> {
        let holding = self.held.get_mut(&id).filter(|holding| holding.standing != Standing::Lost)?;
        holding.is_in_redis = true;
        holding.listed_from = number + 1;
        Some(Reclaim { id, server: holding.server.clone(), cost: holding.cost, fence: holding.fence })
    }
}

/// Takes as many calls as one command carries.
fn take(set: &mut BTreeSet<CallId>) -> Vec<CallId> {
    let rest = set.iter().nth(MOST_ITEMS).copied().map(|first| set.split_off(&first));
    std::mem::replace(set, rest.unwrap_or_default()).into_iter().collect()
}
