//! Starts workers for the pool.

use super::error::WorkerError;
use super::process::Worker;
use crate::admission::PendingStarts;
use crate::pool::{Factory, Retirement};
use crate::registry::{EndReason, Registry};
use crate::runner::{Call, Lines, LongRunning, Outlets, READS_AHEAD};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The start of each worker.
#[derive(Debug, Clone)]
pub struct Template {
    /// The command.
    pub call: Call,
    /// The time in which a worker has to write its first line, which says that it is ready. Without a time, a worker is
    /// ready once it runs.
    pub ready_within: Option<Duration>,
}

/// Starts workers that are all alike.
#[derive(Debug)]
pub struct WorkerFactory {
    registry: Arc<Registry>,
    template: Template,
    /// The starts that wait for their admission.
    pending: PendingStarts,
}

impl WorkerFactory {
    /// Makes a factory of workers that are listed in `registry`.
    pub fn new(registry: Arc<Registry>, template: Template) -> Self {
        Self { registry, template, pending: PendingStarts::default() }
    }
}

impl Factory for WorkerFactory {
    type Key = ();
    type Member = Worker;
    type Error = WorkerError;

    async fn start(&self, _key: &(), number: u64, abandoned: CancellationToken) -> Result<Arc<Worker>, WorkerError> {
        let mut call = self.template.call.clone();
        call.spec.number = self.registry.next_number();
        let (server, tree) = (call.server(), call.spec.number);
        let admission = self.pending.admit(&self.registry.gate, &server, tree, number, &abandoned).await;
        let admission = admission.ok_or(WorkerError::Abandoned)?;
        let (sender, lines) = mpsc::channel(READS_AHEAD);
        call.lines = Some(Lines::Together(sender, Outlets::of_lines()));
        let (process, input) = LongRunning::start(&self.registry, call, admission).await?;
        let worker = Arc::new(Worker::new(process, input, lines));
        match self.template.ready_within {
            Some(limit) => wait_until_ready(worker, limit, &abandoned).await,
            None => Ok(worker),
        }
    }

    fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn withdraw(&self, number: u64) -> bool {
        self.pending.withdraw(number)
    }

    fn tree(&self, worker: &Worker) -> Option<u64> {
        Some(worker.process.tree)
    }

    async fn terminate(&self, worker: Arc<Worker>, reason: Retirement) {
        // An unhealthy worker gets no time to exit by itself.
        if reason == Retirement::Unhealthy {
            worker.terminate_now(EndReason::Shutdown).await;
        } else {
            worker.terminate().await;
        }
    }

    fn wait(&self, worker: &Arc<Worker>) -> impl Future<Output = WorkerError> + Send + 'static {
        let (exited, worker) = (worker.process.wait(), Arc::downgrade(worker));
        async move {
            exited.await;
            WorkerError::Exited(worker.upgrade().map(|worker| worker.end_status()).unwrap_or_default())
        }
    }

    fn unfit(&self, worker: &Arc<Worker>) -> impl Future<Output = Retirement> + Send + 'static {
        let output = Arc::clone(&worker.output);
        async move {
            output.strayed().await;
            Retirement::Unhealthy
        }
    }

    fn panicked(&self, _key: &()) -> WorkerError {
        WorkerError::Panicked
    }
}

/// Waits for the first line. A worker without one is terminated.
async fn wait_until_ready(
    worker: Arc<Worker>,
    limit: Duration,
    abandoned: &CancellationToken,
) -> Result<Arc<Worker>, WorkerError> {
    let is_ready = tokio::select! {
        first = timeout(limit, worker.first_line()) => first.ok(),
        () = abandoned.cancelled() => Some(false),
    };
    let wanted = !abandoned.is_cancelled();
    match is_ready {
        Some(true) => return Ok(worker),
        Some(false) if wanted => worker.terminate().await,
        Some(_) => worker.terminate_now(EndReason::Shutdown).await,
        None => worker.terminate_now(EndReason::Timeout).await,
    }
    let end = worker.end_status();
    Err(match is_ready {
        None => WorkerError::NotReady(limit, end),
        Some(_) if wanted => WorkerError::Exited(end),
        Some(_) => WorkerError::Abandoned,
    })
}
