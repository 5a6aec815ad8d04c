//! The requests to start a process: first come first served among the servers that may start one.

use super::peaks::ProcessId;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The waiting requests.
#[derive(Debug, Default)]
pub struct ServerQueue {
    last: ProcessId,
    waiting: BTreeMap<ProcessId, Arc<str>>,
    by_server: HashMap<Arc<str>, BTreeSet<ProcessId>>,
    /// The first request of each server.
    heads: BTreeMap<ProcessId, Arc<str>>,
}

impl ServerQueue {
    /// Queues a request.
    pub fn push(&mut self, server: Arc<str>) -> ProcessId {
        self.last += 1;
        let requests = self.by_server.entry(server.clone()).or_default();
        if requests.is_empty() {
            self.heads.insert(self.last, server.clone());
        }
        requests.insert(self.last);
        self.waiting.insert(self.last, server);
        self.last
    }

    /// Takes a request out. Returns its server, or `None` if the request does not wait.
    pub fn remove(&mut self, process: ProcessId) -> Option<Arc<str>> {
        let server = self.waiting.remove(&process)?;
        let requests = self.by_server.get_mut(&server)?;
        requests.remove(&process);
        let next = requests.first().copied();
        if self.heads.remove(&process).is_some()
            && let Some(next) = next
        {
            self.heads.insert(next, server.clone());
        }
        if next.is_none() {
            self.by_server.remove(&server);
        }
        Some(server)
    }

    /// Returns the first request of those servers that may start a process.
    pub fn first(&self, may_start: impl Fn(&Arc<str>) -> bool) -> Option<(ProcessId, &Arc<str>)> {
        self.heads.iter().find(|(_, server)| may_start(server)).map(|(process, server)| (*process, server))
    }

    /// Returns the number of waiting requests.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether no request waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Returns the number of waiting requests of one server.
    pub fn len_of(&self, server: &str) -> usize {
        self.by_server.get(server).map_or(0, BTreeSet::len)
    }
}
