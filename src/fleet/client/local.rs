//! The limit of this process alone, while Redis is away.

use super::calls::{Calls, Holding};
use crate::fleet::script::{CallId, Terms};
use crate::limit::calls::{CallLimiter, Limits, Rate, Ticket};
use std::collections::HashMap;
use std::time::Duration;

/// The share of this process in the fleet's limits.
#[derive(Debug)]
pub(super) struct Local {
    limiter: CallLimiter<CallId>,
    processes: u32,
    server_shares: HashMap<String, u32>,
    tickets: HashMap<CallId, Ticket>,
}

impl Local {
    /// Counts the holders and queues the waiters.
    pub fn new(terms: &Terms, processes: u32, calls: &Calls, now: Duration) -> Self {
        let share = share(terms.limit, processes);
        let of_server = |limits: Limits| Limits {
            limit: limits.limit.map(|limit| self::share(limit, processes)),
            rate: limits.rate.map(|rate| Rate { limit: self::share(rate.limit, processes), ..rate }),
        };
        let servers: Vec<_> = terms.servers.iter().map(|each| (&*each.server, of_server(each.limits))).collect();
        let server_shares =
            servers.iter().filter_map(|(server, limits)| Some(((*server).to_owned(), limits.limit?))).collect();
        let limiter = CallLimiter::new(share, servers);
        let mut local = Self { limiter, processes, server_shares, tickets: HashMap::new() };
        for holding in calls.held.values() {
            local.limiter.adopt(&holding.server, local.cost(&holding.server, holding.cost), now);
            if holding.is_sent {
                local.limiter.send(&holding.server, now);
            }
        }
        for (&id, waiting) in &calls.waiting {
            local.wait(id, &waiting.server, waiting.cost, now);
        }
        local
    }

    pub fn share(&self) -> u32 {
        self.limiter.limit()
    }

    pub fn wait(&mut self, id: CallId, server: &str, cost: u32, now: Duration) {
        let cost = self.cost(server, cost);
        let ticket = self.limiter.push(id, server, cost, now, None);
        self.tickets.insert(id, ticket);
    }

    pub fn cancel(&mut self, id: CallId, now: Duration) {
        if let Some(ticket) = self.tickets.remove(&id) {
            self.limiter.cancel(ticket, now);
        }
    }

    pub fn resize(&mut self, limit: u32) {
        self.limiter.resize(share(limit, self.processes));
    }

    pub fn pause(&mut self, server: &str, until: Duration, now: Duration) {
        self.limiter.pause(server, until, now);
    }

    pub fn send(&mut self, holding: &Holding, now: Duration) {
        if holding.is_sent {
            self.limiter.send_again(&holding.server, now);
        } else {
            self.limiter.send(&holding.server, now);
        }
    }

    pub fn release(&mut self, holding: &Holding, now: Duration) {
        if !holding.is_sent {
            self.limiter.send(&holding.server, now);
        }
        self.limiter.release(&holding.server, self.cost(&holding.server, holding.cost), now);
    }

    /// Starts the next waiter.
    pub fn start_next(&mut self, now: Duration) -> Option<CallId> {
        let id = self.limiter.start_next(now)?;
        self.tickets.remove(&id);
        Some(id)
    }

    pub fn next_time(&self) -> Option<Duration> {
        self.limiter.next_time()
    }

    /// Returns the slots of a call here. A call that costs more than its server's share would never start.
    fn cost(&self, server: &str, cost: u32) -> u32 {
        self.server_shares.get(server).map_or(cost, |&share| cost.min(share))
    }
}

/// Returns a process's share. Without an answer of Redis the number of processes is unknown, and the share is 1.
fn share(limit: u32, processes: u32) -> u32 {
    limit.checked_div(processes).unwrap_or(1).max(1)
}
