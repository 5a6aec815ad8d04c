//! The right to run one process tree.

use super::gate::{Gate, Running};
use crate::limit::controller::{Ended, ProcessId};
use std::sync::Arc;
use tokio::sync::oneshot;

/// The right to run one process tree, until this is dropped.
#[derive(Debug)]
pub struct Admission {
    tree: u64,
    admitted: Option<Admitted>,
}

#[derive(Debug)]
pub(super) struct Admitted {
    pub gate: Arc<Gate>,
    pub process: ProcessId,
}

impl Gate {
    /// Waits until a process of this server may start, as the tree with this number. Dropping the future leaves the queue.
    /// A start takes over a right that was reserved for the server, and does not wait then.
    pub async fn admit(self: &Arc<Self>, server: &str, tree: u64) -> Admission {
        if !self.is_on() {
            return Admission::free(tree);
        }
        let (sender, admitted) = oneshot::channel();
        let process = self.change(|inner, now| {
            if let Some(process) = inner.take_reserved(server, now) {
                inner.running.insert(process, Running::new(tree));
                let _ = sender.send(());
                return process;
            }
            let process = inner.controller.request(server);
            inner.waiters.insert(process, sender);
            inner.running.insert(process, Running::new(tree));
            process
        });
        // Dropped with this future, it takes the request back or gives the admission up.
        let admission = Admission { tree, admitted: Some(Admitted { gate: Arc::clone(self), process }) };
        let _ = admitted.await;
        admission
    }
}

impl Admission {
    /// Makes an admission that no gate counts.
    pub fn free(tree: u64) -> Self {
        Self { tree, admitted: None }
    }

    /// Returns the number of the tree.
    pub fn tree(&self) -> u64 {
        self.tree
    }

    /// Returns whether a gate counts the tree.
    pub fn is_counted(&self) -> bool {
        self.admitted.is_some()
    }

    /// Notes that the tree runs below this pid.
    pub fn set_started(&self, topmost_pid: u32) {
        self.note(|running| running.topmost_pid = Some(topmost_pid));
    }

    /// Notes that the system has killed the tree for lack of memory.
    pub fn set_out_of_memory(&self) {
        self.note(|running| running.is_out_of_memory = true);
    }

    fn note(&self, event: impl FnOnce(&mut Running)) {
        if let Some(Admitted { gate, process }) = &self.admitted {
            gate.change(|inner, _| inner.running.get_mut(process).map(event));
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let process = self.process;
        self.gate.change(|inner, now| {
            inner.waiters.remove(&process);
            match inner.running.remove(&process) {
                Some(Running { topmost_pid: Some(_), is_out_of_memory: out_of_memory, .. }) => {
                    inner.controller.ended(process, Ended { peak: None, out_of_memory }, now);
                }
                _ if inner.controller.cancel(process) => {}
                _ => inner.controller.start_failed(process),
            }
        });
    }
}
