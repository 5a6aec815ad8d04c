//! The right to start one process later, for a caller that has other gates to pass before the start.

use super::admitted::Admitted;
use super::gate::{Gate, Running};
use crate::limit::controller::ProcessId;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The right to start one process of a server, or a wait for it. The memory of the process counts from the admission on. Dropping
/// this gives an unused right back.
#[derive(Debug)]
pub struct Reservation {
    gate: Arc<Gate>,
    process: ProcessId,
}

/// The state of a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// The gate has not admitted the process yet.
    Waiting,
    /// The next start of the server takes the right over, without a wait.
    Held,
    /// A start has taken the right over.
    Used,
}

impl Gate {
    /// Queues a caller for the right to start a process of this server. The receiver resolves at the admission.
    pub fn reserve(self: &Arc<Self>, server: &str) -> (Reservation, oneshot::Receiver<()>) {
        let (sender, admitted) = oneshot::channel();
        let process = self.change(|inner, _| {
            let process = inner.controller.request(server);
            inner.waiters.insert(process, sender);
            inner.reserved.insert(process, server.to_owned());
            inner.running.insert(process, Running::new(Running::NO_TREE));
            process
        });
        (Reservation { gate: Arc::clone(self), process }, admitted)
    }

    /// Returns the number of admitted processes of a server that no start has taken over.
    pub fn reserved(&self, server: &str) -> usize {
        if !self.is_on() {
            return 0;
        }
        let inner = self.inner.lock();
        inner.reserved.iter().filter(|(process, of)| *of == server && !inner.waiters.contains_key(process)).count()
    }
}

impl Reservation {
    /// Returns the state.
    pub fn state(&self) -> Right {
        let inner = self.gate.inner.lock();
        match inner.reserved.contains_key(&self.process) {
            true if inner.waiters.contains_key(&self.process) => Right::Waiting,
            true => Right::Held,
            false => Right::Used,
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let is_unused = self.gate.inner.lock().reserved.remove(&self.process).is_some();
        if is_unused {
            drop(Admitted { gate: Arc::clone(&self.gate), process: self.process });
        }
    }
}
