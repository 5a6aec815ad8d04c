//! The decision on the next request, and what a driver or a status page wants to know.

use super::{Change, Controller, Decision, Learnt, LimitedBy, ProcessId, READ_WHILE_RUNNING, READ_WHILE_WAITING};
use crate::limit::memory::{Load, Machine};
use crate::limit::peaks::bytes;
use std::sync::Arc;
use std::time::Duration;

impl Controller {
    /// Returns the time at which the next reading is due. `None` while no process runs and no request waits.
    pub fn next_reading(&self) -> Option<Duration> {
        let every = if !self.queue.is_empty() || self.is_work_waiting {
            READ_WHILE_WAITING
        } else if !self.running.is_empty() {
            READ_WHILE_RUNNING
        } else {
            return None;
        };
        Some(self.read_at.map_or(Duration::ZERO, |last| last.saturating_add(every)))
    }

    /// Returns the cause for which the next request waits, or `None` if no request waits.
    pub fn limited_by(&self) -> Option<LimitedBy> {
        match self.decide(None) {
            Decision::Wait(cause) => Some(cause),
            Decision::Admit(_) | Decision::Read | Decision::Nothing => None,
        }
    }

    /// Returns the limit of the moment, if there is a brake.
    pub fn limit(&self) -> Option<usize> {
        self.brake.as_ref().map(super::Brake::limit)
    }

    /// Returns the last changes of the limit, at most [`super::CHANGES`], the oldest first.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.changes.iter()
    }

    /// Returns what was learnt about each server, by name.
    pub fn learnt(&self) -> Vec<Learnt> {
        self.servers.learnt(|server| self.queue.len_of(server))
    }

    /// Returns the number of processes that run and are not idle.
    pub fn busy(&self) -> usize {
        self.running.values().filter(|process| process.idle_since.is_none()).count()
    }

    /// Returns the number of processes that run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Returns the number of requests that wait.
    pub fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Returns the bytes in use by all processes, as last read.
    pub fn used(&self) -> u64 {
        self.running.values().map(|process| process.memory).sum()
    }

    /// Returns the reserve in bytes, once the memory was read.
    pub fn reserve(&self, now: Duration) -> Option<f64> {
        Some(self.rules.memory?.reserve(self.machine?.total, self.expected_fall(now)))
    }

    /// Decides on the next request. Without a time the last reading counts, however old it is.
    pub(super) fn decide(&self, now: Option<Duration>) -> Decision {
        let Some((process, server)) = self.next_request() else {
            return if self.queue.is_empty() { Decision::Nothing } else { Decision::Wait(LimitedBy::Memory) };
        };
        if let Some(cause) = self.reached_limit() {
            return Decision::Wait(cause);
        }
        let Some(rules) = self.rules.memory.filter(|_| !self.running.is_empty()) else {
            return Decision::Admit(process);
        };
        if now.is_some_and(|now| !self.is_fresh(now)) {
            return Decision::Read;
        }
        let Some(machine) = self.uncharged() else { return Decision::Wait(LimitedBy::Memory) };
        let load = self.load().with(self.servers.estimate(server), 0);
        let at = now.or(self.read_at).unwrap_or_default();
        if load.room(machine, self.expected_fall(at), &rules) >= 0.0 {
            Decision::Admit(process)
        } else {
            Decision::Wait(LimitedBy::Memory)
        }
    }

    /// Returns the first request of a server that may start a process.
    pub(super) fn next_request(&self) -> Option<(ProcessId, &Arc<str>)> {
        let counts_memory = self.rules.memory.is_some();
        self.queue.first(|server| !(counts_memory && self.servers.is_at_bound(server)))
    }

    fn reached_limit(&self) -> Option<LimitedBy> {
        let brake = self.brake.as_ref().filter(|brake| self.busy() >= brake.limit())?;
        Some(if brake.is_at_most() { LimitedBy::Slots } else { LimitedBy::Cpu })
    }

    fn is_fresh(&self, now: Duration) -> bool {
        self.read_at.is_some_and(|read| now.saturating_sub(read) <= READ_WHILE_WAITING)
    }

    /// Returns the bytes that others leave to this process and its children.
    pub(super) fn left_by_others(&self) -> f64 {
        bytes(self.machine.map_or(0, |machine| machine.available)) + bytes(self.used())
    }

    /// Returns the memory as it was read last, without what other processes are expected to take yet.
    pub(super) fn uncharged(&self) -> Option<Machine> {
        let machine = self.machine?;
        Some(Machine { available: machine.available.saturating_sub(self.charged_by_others), ..machine })
    }

    /// Returns the bytes that the running processes are expected to take yet, with the margin.
    pub fn charge(&self) -> u64 {
        self.load().charge()
    }

    pub(super) fn expected_fall(&self, now: Duration) -> f64 {
        self.falls.expected(self.left_by_others(), now)
    }

    /// Returns the load of all processes that run.
    pub(super) fn load(&self) -> Load {
        self.running
            .values()
            .fold(Load::default(), |load, process| load.with(self.servers.estimate(&process.server), process.memory))
    }

    /// Forgets the servers that are too many.
    pub(super) fn forget_servers(&mut self) {
        let queue = &self.queue;
        self.servers.forget(|server| queue.len_of(server) > 0);
    }
}
