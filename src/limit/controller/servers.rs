//! The servers by name, with the memory that was learnt about each.

use crate::limit::peaks::{Estimate, Peaks, ProcessId};
use std::collections::HashMap;
use std::sync::Arc;

/// The number of servers that are remembered. The server that was not used for the longest time is forgotten first.
pub const KEPT: usize = 1_000;
/// The number of processes that an unknown server may have at once.
const UNKNOWN_AT_ONCE: usize = 2;

/// The memory that was learnt about a server, for a status page.
#[derive(Debug, Clone, PartialEq)]
pub struct Learnt {
    /// The name of the server.
    pub server: Arc<str>,
    /// The estimate for its next process.
    pub estimate: Estimate,
    /// The number of peaks behind the estimate. With 0 the estimate is that of an unknown server.
    pub peaks: usize,
    /// The number of its processes that run.
    pub running: usize,
    /// The number of its requests that wait.
    pub waiting: usize,
}

/// The servers by name.
#[derive(Debug, Default)]
pub struct Servers {
    servers: HashMap<Arc<str>, Server>,
    uses: u64,
}

#[derive(Debug, Default)]
struct Server {
    peaks: Peaks,
    running: usize,
    /// One process has ended, or has shown its peak.
    is_settled: bool,
    last_use: u64,
}

impl Servers {
    /// Returns the one copy of a server's name.
    pub fn name(&self, server: &str) -> Arc<str> {
        self.servers.get_key_value(server).map_or_else(|| server.into(), |(name, _)| name.clone())
    }

    /// Notes a use of a server, so that other servers are forgotten before it.
    pub fn used(&mut self, server: &Arc<str>) {
        self.uses += 1;
        self.servers.entry(server.clone()).or_default().last_use = self.uses;
    }

    pub fn started(&mut self, server: &Arc<str>) {
        self.used(server);
        self.servers.entry(server.clone()).or_default().running += 1;
    }

    pub fn stopped(&mut self, server: &str) {
        if let Some(server) = self.servers.get_mut(server) {
            server.running = server.running.saturating_sub(1);
        }
    }

    /// Notes that a process of the server has ended or has shown its peak.
    pub fn settle(&mut self, server: &str) {
        if let Some(server) = self.servers.get_mut(server) {
            server.is_settled = true;
        }
    }

    pub fn note(&mut self, server: &str, process: ProcessId, peak: u64) {
        if let Some(server) = self.servers.get_mut(server) {
            server.peaks.note(process, peak);
        }
    }

    pub fn estimate(&self, server: &str) -> Estimate {
        self.servers.get(server).map(|server| server.peaks.estimate()).unwrap_or_default()
    }

    /// Returns whether a server has as many processes as an unknown one may have.
    pub fn is_at_bound(&self, server: &str) -> bool {
        self.servers.get(server).is_some_and(|server| !server.is_settled && server.running >= UNKNOWN_AT_ONCE)
    }

    /// Forgets servers beyond [`KEPT`] that have no process and no request.
    pub fn forget(&mut self, is_waiting: impl Fn(&str) -> bool) {
        while self.servers.len() > KEPT {
            let unused = self.servers.iter().filter(|(name, server)| server.running == 0 && !is_waiting(name));
            let Some(oldest) = unused.min_by_key(|(_, server)| server.last_use).map(|(name, _)| name.clone()) else {
                break;
            };
            self.servers.remove(&oldest);
        }
    }

    /// Returns what was learnt, by the server's name.
    pub fn learnt(&self, waiting: impl Fn(&str) -> usize) -> Vec<Learnt> {
        let mut learnt: Vec<Learnt> = self
            .servers
            .iter()
            .map(|(name, server)| Learnt {
                server: name.clone(),
                estimate: server.peaks.estimate(),
                peaks: server.peaks.len(),
                running: server.running,
                waiting: waiting(name),
            })
            .collect();
        learnt.sort_unstable_by(|one, other| one.server.cmp(&other.server));
        learnt
    }
}
