//! The limit on calls: an overall number of slots, and within that a limit, a rate and a pause for each server.
//!
//! Tickets give the order. The lowest ticket among the servers that may start a call goes first, so a full or paused server
//! stops no other. A call that costs more than is free waits at the head and is not overtaken.
//! Each operation takes time in proportion to the logarithm of the waiters.

mod rate;
mod server;

#[cfg(test)]
mod model_test;
#[cfg(test)]
mod tests;

pub use rate::Rate;
pub use server::{Hold, Limits, Ticket};

use rate::Window;
use server::{Listed, Server};
use slab::Slab;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// The slots, the servers and the waiters. A waiter `W` is the caller's value, and comes out exactly once.
#[derive(Debug)]
pub struct CallLimiter<W> {
    limit: u32,
    in_use: u32,
    servers: Slab<Server>,
    names: HashMap<Box<str>, usize>,
    waiters: HashMap<Ticket, Waiter<W>>,
    /// The servers whose first waiter may start as far as the server goes, by that waiter's ticket.
    startable: BTreeMap<Ticket, usize>,
    /// The servers to look at again at a given time.
    timed: BTreeSet<(Duration, usize)>,
    deadlines: BTreeSet<(Duration, Ticket)>,
    last_ticket: Ticket,
}

#[derive(Debug)]
struct Waiter<W> {
    value: W,
    server: usize,
    cost: u32,
    timeout: Option<Duration>,
    deadline: Option<Duration>,
}

/// The use of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerUse {
    /// The server's name.
    pub name: String,
    /// The limit, if the server has one.
    pub limit: Option<u32>,
    /// The rate, if the server has one, and the calls that count now.
    pub rate: Option<(Rate, u32)>,
    /// The slots that its calls hold.
    pub in_use: u32,
    /// The waiters.
    pub queued: usize,
    /// The reason that its first waiter does not start.
    pub hold: Hold,
    /// The time until its pause ends; zero without a pause.
    pub pause_left: Duration,
    /// The time until its next start; zero unless a start has failed.
    pub start_left: Duration,
}

impl<W> CallLimiter<W> {
    /// Makes a limiter with all slots free.
    pub fn new<'a>(limit: u32, servers: impl IntoIterator<Item = (&'a str, Limits)>) -> Self {
        let mut limiter = Self {
            limit,
            in_use: 0,
            servers: Slab::new(),
            names: HashMap::new(),
            waiters: HashMap::new(),
            startable: BTreeMap::new(),
            timed: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            last_ticket: 0,
        };
        for (name, limits) in servers {
            limiter.add(name, Some(limits));
        }
        limiter
    }

    /// Starts a call at once, and returns its ticket. Returns `None` if the call has to wait.
    pub fn try_start(&mut self, server: &str, cost: u32, now: Duration) -> Option<Ticket> {
        self.advance(now);
        // A waiter that may start has only the overall limit before it, and is not overtaken.
        if !self.startable.is_empty() || !self.fits(cost) {
            return None;
        }
        let id = self.id(server);
        let server = &mut self.servers[id];
        let may_start = server.queue.is_empty() && server.hold(cost, now) == Hold::None;
        if may_start {
            self.last_ticket += 1;
            self.start(id, cost);
        }
        self.relist(id, now);
        may_start.then_some(self.last_ticket)
    }

    /// Counts a call that has started elsewhere, above the limits if need be.
    pub fn adopt(&mut self, server: &str, cost: u32, now: Duration) {
        let id = self.id(server);
        self.start(id, cost);
        self.relist(id, now);
    }

    /// Queues a waiter until `now + timeout`; without a timeout, for ever.
    pub fn push(&mut self, waiter: W, server: &str, cost: u32, now: Duration, timeout: Option<Duration>) -> Ticket {
        self.last_ticket += 1;
        self.push_at(self.last_ticket, waiter, server, cost, now, timeout);
        self.last_ticket
    }

    /// Queues a call again that has given its slots back, at the place of its ticket.
    pub fn push_at(
        &mut self,
        ticket: Ticket,
        waiter: W,
        server: &str,
        cost: u32,
        now: Duration,
        timeout: Option<Duration>,
    ) {
        let id = self.id(server);
        let deadline = timeout.map(|timeout| now.saturating_add(timeout));
        self.deadlines.extend(deadline.map(|deadline| (deadline, ticket)));
        self.waiters.insert(ticket, Waiter { value: waiter, server: id, cost, timeout, deadline });
        self.servers[id].queue.insert(ticket);
        self.relist(id, now);
    }

    /// Starts the next waiter that may start, and takes it out.
    pub fn start_next(&mut self, now: Duration) -> Option<W> {
        self.advance(now);
        let (&ticket, &id) = self.startable.first_key_value()?;
        let cost = self.waiters.get(&ticket)?.cost;
        if !self.fits(cost) {
            return None;
        }
        self.start(id, cost);
        self.take(ticket, now).map(|waiter| waiter.value)
    }

    /// Notes that a call that has its slot was sent. Only the rate needs this.
    pub fn send(&mut self, server: &str, now: Duration) {
        self.note_sent(server, now, Window::send);
    }

    /// Notes that a call was sent another time.
    pub fn send_again(&mut self, server: &str, now: Duration) {
        self.note_sent(server, now, Window::send_again);
    }

    /// Gives the slots of a call back. The next waiters do not start by themselves.
    pub fn release(&mut self, server: &str, cost: u32, now: Duration) {
        let Some(&id) = self.names.get(server) else { return };
        self.in_use = self.in_use.saturating_sub(cost);
        self.servers[id].in_use = self.servers[id].in_use.saturating_sub(cost);
        self.relist(id, now);
    }

    /// Gives the slots of a call back that was not sent and is queued again. It does not count in the rate.
    pub fn give_back(&mut self, server: &str, cost: u32, now: Duration) {
        if let Some(&id) = self.names.get(server)
            && let Some(window) = &mut self.servers[id].window
        {
            window.give_back();
        }
        self.release(server, cost, now);
    }

    /// Lets no call start before `until`, because the server itself is not started before that. The latest word counts.
    pub fn hold_starts(&mut self, server: &str, until: Duration, now: Duration) {
        let id = self.id(server);
        self.servers[id].starts_at = until;
        self.relist(id, now);
    }

    /// Lets no call of the server start before `until`. A longer pause stays.
    pub fn pause(&mut self, server: &str, until: Duration, now: Duration) {
        let id = self.id(server);
        let paused_until = &mut self.servers[id].paused_until;
        *paused_until = until.max(*paused_until);
        self.relist(id, now);
    }

    /// Changes the overall limit.
    pub fn resize(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// Takes a waiter out of the queue. Returns `None` when the waiter has left.
    pub fn cancel(&mut self, ticket: Ticket, now: Duration) -> Option<W> {
        self.take(ticket, now).map(|waiter| waiter.value)
    }

    /// Takes out the waiter with the earliest deadline, if that has passed. Returns the waiter with its timeout.
    pub fn expire(&mut self, now: Duration) -> Option<(W, Duration)> {
        let &(_, ticket) = self.deadlines.first().filter(|(deadline, _)| *deadline <= now)?;
        let waiter = self.take(ticket, now)?;
        Some((waiter.value, waiter.timeout?))
    }

    /// Returns the time of the next deadline, or of the next look at a server with waiters.
    pub fn next_time(&self) -> Option<Duration> {
        let deadline = self.deadlines.first().map(|&(deadline, _)| deadline);
        let opening = (!self.waiters.is_empty()).then(|| self.timed.first()).flatten().map(|&(time, _)| time);
        deadline.into_iter().chain(opening).min()
    }

    /// Returns the overall limit.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// Returns the slots in use.
    pub fn in_use(&self) -> u32 {
        self.in_use
    }

    /// Returns the number of waiters.
    pub fn queued(&self) -> usize {
        self.waiters.len()
    }

    /// Returns the number of waiters with one more for a server, but without those that would have slots if their servers were
    /// started at once.
    pub fn queued_with(&self, server: &str, now: Duration) -> usize {
        let is_held = |server: &Server| server.starts_at > now;
        let waiting: usize =
            self.servers.iter().filter(|(_, server)| is_held(server)).map(|(_, server)| server.queue.len()).sum();
        let one_more = self.names.get(server).is_some_and(|&id| is_held(&self.servers[id]));
        let free = self.limit.saturating_sub(self.in_use) as usize;
        self.waiters.len() + 1 - (waiting + usize::from(one_more)).min(free)
    }

    /// Takes out all waiters, in the order of arrival.
    pub fn clear(&mut self, now: Duration) -> Vec<W> {
        let mut tickets: Vec<_> = self.waiters.keys().copied().collect();
        tickets.sort_unstable();
        tickets.into_iter().filter_map(|ticket| self.cancel(ticket, now)).collect()
    }

    /// Returns whether a waiter has only the overall limit before it. A higher limit would help such a waiter alone.
    pub fn waits_for_slots(&mut self, now: Duration) -> bool {
        self.advance(now);
        !self.startable.is_empty()
    }

    /// Returns the ticket of the waiter that came last.
    pub fn last_ticket(&self) -> Ticket {
        self.last_ticket
    }

    /// Returns the servers with limits, calls, waiters or a pause, by name.
    pub fn servers(&mut self, now: Duration) -> Vec<ServerUse> {
        self.advance(now);
        let waiters = &self.waiters;
        let mut servers: Vec<_> = self.servers.iter_mut().map(|(_, server)| server_use(server, waiters, now)).collect();
        servers.sort_by(|one, other| one.name.cmp(&other.name));
        servers
    }

    fn note_sent(&mut self, server: &str, now: Duration, note: fn(&mut Window, Duration)) {
        let Some(&id) = self.names.get(server) else { return };
        if let Some(window) = &mut self.servers[id].window {
            note(window, now);
        }
        self.relist(id, now);
    }

    fn id(&mut self, name: &str) -> usize {
        self.names.get(name).copied().unwrap_or_else(|| self.add(name, None))
    }

    fn add(&mut self, name: &str, limits: Option<Limits>) -> usize {
        let id = self.servers.insert(Server::new(name, limits));
        self.names.insert(name.into(), id);
        id
    }

    /// Returns whether the overall limit lets a call start. A call that costs more than a lowered limit runs alone.
    fn fits(&self, cost: u32) -> bool {
        self.in_use == 0 || self.in_use.saturating_add(cost) <= self.limit
    }

    fn start(&mut self, id: usize, cost: u32) {
        self.in_use = self.in_use.saturating_add(cost);
        let server = &mut self.servers[id];
        server.in_use = server.in_use.saturating_add(cost);
        if let Some(window) = &mut server.window {
            window.start();
        }
    }

    fn take(&mut self, ticket: Ticket, now: Duration) -> Option<Waiter<W>> {
        let waiter = self.waiters.remove(&ticket)?;
        if let Some(deadline) = waiter.deadline {
            self.deadlines.remove(&(deadline, ticket));
        }
        self.servers[waiter.server].queue.remove(&ticket);
        self.relist(waiter.server, now);
        Some(waiter)
    }

    /// Looks at the servers whose time has come.
    fn advance(&mut self, now: Duration) {
        while let Some(&(time, id)) = self.timed.first() {
            if time > now {
                break;
            }
            self.relist(id, now);
        }
    }

    /// Puts a server into the list where it belongs now, or forgets it.
    fn relist(&mut self, id: usize, now: Duration) {
        let server = &mut self.servers[id];
        match std::mem::take(&mut server.listed) {
            Listed::Nowhere => {}
            Listed::Startable(ticket) => drop(self.startable.remove(&ticket)),
            Listed::Timed(time) => drop(self.timed.remove(&(time, id))),
        }
        server.listed = listed(server, &self.waiters, now);
        match server.listed {
            Listed::Startable(ticket) => drop(self.startable.insert(ticket, id)),
            Listed::Timed(time) => drop(self.timed.insert((time, id))),
            Listed::Nowhere if server.is_idle(now) => {
                let name = self.servers.remove(id).name;
                self.names.remove(&name);
            }
            Listed::Nowhere => {}
        }
    }
}

/// Returns the list to which a server belongs.
fn listed<W>(server: &mut Server, waiters: &HashMap<Ticket, Waiter<W>>, now: Duration) -> Listed {
    let Some((ticket, hold)) = head(server, waiters, now) else {
        // A pause without waiters is looked at when it ends, so that the server is forgotten.
        return server.closed_until(now).map_or(Listed::Nowhere, Listed::Timed);
    };
    match hold {
        Hold::None => Listed::Startable(ticket),
        Hold::Pause(time) | Hold::Start(time) | Hold::Rate(Some(time)) => Listed::Timed(time),
        Hold::Limit | Hold::Rate(None) => Listed::Nowhere,
    }
}

/// Returns the first waiter of a server and what holds it back.
fn head<W>(server: &mut Server, waiters: &HashMap<Ticket, Waiter<W>>, now: Duration) -> Option<(Ticket, Hold)> {
    let &ticket = server.queue.first()?;
    let cost = waiters.get(&ticket)?.cost;
    Some((ticket, server.hold(cost, now)))
}

fn server_use<W>(server: &mut Server, waiters: &HashMap<Ticket, Waiter<W>>, now: Duration) -> ServerUse {
    ServerUse {
        name: server.name.to_string(),
        limit: server.limit,
        rate: server.window.as_mut().map(|window| (window.rate(), window.used(now))),
        in_use: server.in_use,
        queued: server.queue.len(),
        hold: head(server, waiters, now).map_or(Hold::None, |(_, hold)| hold),
        pause_left: server.paused_until.saturating_sub(now),
        start_left: server.starts_at.saturating_sub(now),
    }
}
