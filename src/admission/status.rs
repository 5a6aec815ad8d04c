//! The state of the gate, for status pages.

use super::gate::Gate;
use crate::limit::controller::{Learnt, LimitedBy};
use crate::limit::memory::Machine;
use crate::limit::processor::Reason;

/// The state for a status page.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The limit of the processor brake, if there is one.
    pub limit: Option<usize>,
    /// The cause for which starts or calls wait.
    pub limited_by: Option<LimitedBy>,
    /// The reason for the latest change of the limit.
    pub reason: Option<Reason>,
    /// The processes that were admitted and have not exited.
    pub running: usize,
    /// The starts that wait.
    pub waiting: usize,
    /// The memory that these processes have of their own, in bytes.
    pub used: u64,
    /// The memory that stays free, in bytes, once it is known.
    pub reserve: Option<f64>,
    /// The memory as it was read last.
    pub machine: Option<Machine>,
}

impl Gate {
    /// Returns the state, if the gate is on.
    pub fn status(&self) -> Option<Status> {
        let inner = self.inner.lock();
        self.is_on().then(|| Status {
            limit: inner.controller.limit(),
            limited_by: inner.limited_by(),
            reason: inner.controller.changes().last().map(|change| change.reason),
            running: inner.controller.running(),
            waiting: inner.controller.waiting(),
            used: inner.controller.used(),
            reserve: inner.controller.reserve(inner.begin.elapsed()),
            machine: inner.machine,
        })
    }

    /// Returns the memory that was learnt about each server.
    pub fn learnt(&self) -> Vec<Learnt> {
        self.inner.lock().controller.learnt()
    }
}
