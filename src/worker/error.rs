//! The end of a worker, and the reasons why there is none.

use crate::process::tree::ExitStatus;
use crate::registry::EndReason;
use crate::runner::Outcome;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The end of a worker.
#[derive(Debug, Clone, Default)]
pub struct WorkerEnd {
    /// The exit status of the root process.
    pub exit: ExitStatus,
    /// The reason why the worker was terminated, if it did not exit by itself.
    pub ended: Option<EndReason>,
    /// The stderr tail.
    pub stderr: Arc<[u8]>,
}

impl From<&Outcome> for WorkerEnd {
    fn from(outcome: &Outcome) -> Self {
        Self { exit: outcome.exit_status, ended: outcome.end_reason, stderr: outcome.stderr.as_slice().into() }
    }
}

/// The reason why a worker could not be started, or why it ended.
#[derive(Debug, Clone)]
pub enum WorkerError {
    /// The worker could not be started, with the system's error number.
    Spawn(Option<i32>),
    /// The worker exited by itself.
    Exited(WorkerEnd),
    /// The worker wrote no line in time.
    NotReady(Duration, WorkerEnd),
    /// The start had no waiter any more.
    Abandoned,
    /// The start panicked.
    Panicked,
}

impl From<io::Error> for WorkerError {
    fn from(error: io::Error) -> Self {
        Self::Spawn(error.raw_os_error())
    }
}
