//! Why there is no worker.

use crate::process::tree::ExitStatus;
use crate::registry::EndReason;
use crate::runner::Outcome;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// How a worker ended.
#[derive(Debug, Clone, Default)]
pub struct WorkerEnd {
    /// How its process did.
    pub exit: ExitStatus,
    /// Why it had to end, if it did not do so by itself.
    pub ended: Option<EndReason>,
    /// The last part of what it wrote to its standard error.
    pub stderr: Arc<[u8]>,
}

impl From<&Outcome> for WorkerEnd {
    fn from(outcome: &Outcome) -> Self {
        Self { exit: outcome.exit_status, ended: outcome.end_reason, stderr: outcome.stderr.as_slice().into() }
    }
}

/// Why a worker could not be started, or ended.
#[derive(Debug, Clone)]
pub enum WorkerError {
    /// The system's number for why nothing was started.
    Spawn(Option<i32>),
    /// It ended by itself.
    Exited(WorkerEnd),
    /// It wrote no line in time.
    NotReady(Duration, WorkerEnd),
    /// Nobody waited for it any more.
    Abandoned,
    /// A bug here.
    Panicked,
}

impl From<io::Error> for WorkerError {
    fn from(error: io::Error) -> Self {
        Self::Spawn(error.raw_os_error())
    }
}
