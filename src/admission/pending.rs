//! Starts of a pool that wait for their admission, and can be withdrawn.

use super::admitted::Admission;
use super::gate::Gate;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// The starts that wait, by the numbers of the pool.
#[derive(Debug, Default)]
pub struct PendingStarts(Mutex<HashMap<u64, oneshot::Sender<()>>>);

impl PendingStarts {
    /// Waits until a process of this server may start. `None` if the start with this number was withdrawn or abandoned
    /// meanwhile.
    pub async fn admit(
        &self,
        gate: &Arc<Gate>,
        server: &str,
        tree: u64,
        number: u64,
        abandoned: &CancellationToken,
    ) -> Option<Admission> {
        if !gate.is_on() {
            return Some(Admission::free(tree));
        }
        let (sender, withdrawn) = oneshot::channel();
        self.0.lock().insert(number, sender);
        let admission = tokio::select! {
            admission = gate.admit(server, tree) => Some(admission),
            _ = withdrawn => None,
            // It may have been abandoned before it could be withdrawn.
            () = abandoned.cancelled() => None,
        };
        // A withdrawal counts even if the admission came at the same time.
        let is_wanted = self.0.lock().remove(&number).is_some();
        admission.filter(|_| is_wanted)
    }

    /// Withdraws a start. Returns `false` if the start does not wait.
    pub fn withdraw(&self, number: u64) -> bool {
        self.0.lock().remove(&number).is_some()
    }

    /// Returns whether a start waits.
    pub fn has(&self, number: u64) -> bool {
        self.0.lock().contains_key(&number)
    }

    /// Returns whether no start waits.
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}
