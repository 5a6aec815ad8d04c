//! The witness: it sees every call start and end, and everything that Redis grants, and knows what must never happen.

use crate::redis::Redis;
use procward::fleet::script::{CallId, Fence, FleetName, Grant, Terms, Ticket, Value};
use std::collections::{HashMap, VecDeque};

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation(pub String);

/// The use of the slots as it is, whatever Redis and the clients believe.
#[derive(Debug, Default)]
pub struct Witness {
    /// The slots in use.
    pub in_use: u32,
    /// The calls that hold them.
    pub running: u32,
    /// The most slots in use at one time.
    pub most: u32,
    /// The calls that got their slots.
    pub grants: u64,
    /// The grants that were too many, because a replica had not received what was before.
    pub replica_grants: u64,
    /// The runs of the script.
    pub scripts: u64,
    /// The most calls that waited at one time.
    pub most_waiting: usize,
    by_server: HashMap<usize, (u32, u32)>,
    last_fence: Fence,
    fences: HashMap<(u64, CallId), Fence>,
    sent: HashMap<usize, VecDeque<u64>>,
}

impl Witness {
    /// Notes the start of a call.
    pub fn start(&mut self, server: usize, cost: u32) {
        self.in_use += cost;
        self.running += 1;
        self.grants += 1;
        self.most = self.most.max(self.in_use);
        let by_server = self.by_server.entry(server).or_default();
        *by_server = (by_server.0 + cost, by_server.1 + 1);
    }

    /// Notes the end of a call.
    pub fn end(&mut self, server: usize, cost: u32) {
        self.in_use -= cost;
        self.running -= 1;
        let by_server = self.by_server.entry(server).or_default();
        *by_server = (by_server.0 - cost, by_server.1 - 1);
    }

    /// Checks the limits. `exempt` is the use of calls whose process was stopped beyond its lease.
    ///
    /// # Errors
    /// Fails if more is in use than the limits allow.
    pub fn check_limits(&self, terms: &Terms, exempt: &HashMap<usize, (u32, u32)>) -> Result<(), Violation> {
        let all = exempt.values().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1));
        let (in_use, running) = (self.in_use - all.0, self.running - all.1);
        if in_use > terms.limit && running > 1 {
            return Err(Violation(format!("{in_use} slots of {} are in use by {running} calls", terms.limit)));
        }
        for (server, each) in terms.servers.iter().enumerate() {
            let (used, running) = self.by_server.get(&server).copied().unwrap_or_default();
            let (spared, spared_calls) = exempt.get(&server).copied().unwrap_or_default();
            if let Some(limit) = each.limits.limit
                && used - spared > limit
                && running - spared_calls > 1
            {
                return Err(Violation(format!("{} slots of {limit} are in use for {}", used - spared, each.server)));
            }
        }
        Ok(())
    }

    /// Returns whether a check of the limits may fail, without looking at exemptions.
    pub fn is_over(&self, terms: &Terms) -> bool {
        self.check_limits(terms, &HashMap::new()).is_err()
    }

    /// Notes that a call was sent to its server.
    ///
    /// # Errors
    /// Fails if an interval has more calls than the server's rate allows.
    pub fn send(&mut self, terms: &Terms, server: usize, micros: u64) -> Result<(), Violation> {
        let Some(rate) = terms.servers[server].limits.rate else { return Ok(()) };
        let interval = u64::try_from(rate.interval.as_micros()).unwrap_or(u64::MAX);
        let sent = self.sent.entry(server).or_default();
        sent.push_back(micros);
        while sent.front().is_some_and(|&first| first + interval < micros) {
            sent.pop_front();
        }
        if sent.len() > rate.limit as usize {
            return Err(Violation(format!("{} calls of {} in one interval", sent.len(), rate.limit)));
        }
        Ok(())
    }

    /// Notes what Redis granted in one step, with the server of each call.
    ///
    /// # Errors
    /// Fails if a fence does not rise, or a waiter was overtaken.
    pub fn granted(
        &mut self,
        grants: &[(u64, Grant, Option<String>)],
        redis: &mut Redis,
        name: &FleetName,
    ) -> Result<(), Violation> {
        let before = self.last_fence;
        for (process, grant, server) in grants {
            // Redis repeats a grant when it is asked again.
            if self.fences.insert((*process, grant.id), grant.fence) == Some(grant.fence) {
                continue;
            }
            if grant.fence <= before {
                return Err(Violation(format!("fence {} after {before}", grant.fence)));
            }
            self.last_fence = self.last_fence.max(grant.fence);
            if let (Some(ticket), Some(server)) = (grant.ticket, server) {
                overtaken(ticket, server, redis, name)?;
            }
        }
        Ok(())
    }
}

fn overtaken(ticket: Ticket, server: &str, redis: &mut Redis, name: &FleetName) -> Result<(), Violation> {
    let queue = &name.keys()[3];
    let (from, to) = (format!("[{server}\0"), format!("({server}\u{1}"));
    let words: [&[u8]; 7] = [b"ZRANGEBYLEX", queue.as_bytes(), from.as_bytes(), to.as_bytes(), b"LIMIT", b"0", b"1"];
    let Ok(Value::Array(found)) = redis.call(&words) else { return Ok(()) };
    let Some(Value::Bytes(entry)) = found.first() else { return Ok(()) };
    let entry = String::from_utf8_lossy(entry);
    let first: Ticket = entry[server.len() + 1..].split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0);
    if first < ticket {
        return Err(Violation(format!("ticket {ticket} was granted before {first} of {server}")));
    }
    Ok(())
}
