//! Workers for the pool.

use super::{Template, Worker, WorkerError};
use crate::pool::{Factory, Retirement};
use crate::registry::Registry;
use crate::runner::{Lines, LongRunning, READS_AHEAD};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

/// Starts workers that are all alike.
#[derive(Debug)]
pub struct WorkerFactory {
    registry: Arc<Registry>,
    template: Template,
    /// The starts that wait for a first line.
    unready: Mutex<HashMap<u64, Arc<Notify>>>,
}

impl WorkerFactory {
    /// Workers that are started like this, and listed in `registry`.
    pub fn new(registry: Arc<Registry>, template: Template) -> Self {
        Self { registry, template, unready: Mutex::default() }
    }

    /// Waits for the first line; a worker without one is ended.
    async fn ready(&self, worker: Arc<Worker>, number: u64, limit: Duration) -> Result<Arc<Worker>, WorkerError> {
        let abandoned = Arc::new(Notify::new());
        self.unready.lock().insert(number, Arc::clone(&abandoned));
        let is_ready = tokio::select! {
            first = timeout(limit, worker.first_line()) => first.ok(),
            () = abandoned.notified() => Some(false),
        };
        let wanted = self.unready.lock().remove(&number).is_some();
        match is_ready {
            Some(true) => return Ok(worker),
            Some(false) if wanted => worker.finish().await,
            _ => worker.kill().await,
        }
        let end = worker.end();
        Err(match is_ready {
            None => WorkerError::NotReady(limit, end),
            Some(_) if wanted => WorkerError::Exited(end),
            Some(_) => WorkerError::Abandoned,
        })
    }
}

impl Factory for WorkerFactory {
    type Key = ();
    type Member = Worker;
    type Error = WorkerError;

    async fn start(&self, _key: &(), number: u64) -> Result<Arc<Worker>, WorkerError> {
        let mut call = self.template.call.clone();
        call.spec.number = self.registry.next_number();
        let (sender, lines) = mpsc::channel(READS_AHEAD);
        call.lines = Some(Lines::Together(sender));
        let (process, input) = LongRunning::start(&self.registry, call).await?;
        let worker = Arc::new(Worker::new(process, input, lines));
        match self.template.ready_within {
            Some(limit) => self.ready(worker, number, limit).await,
            None => Ok(worker),
        }
    }

    fn abandon(&self, number: u64) {
        if let Some(abandoned) = self.unready.lock().remove(&number) {
            abandoned.notify_one();
        }
    }

    async fn end(&self, worker: Arc<Worker>, reason: Retirement) {
        // An unhealthy one is not asked to finish what it does, and closing does not wait either.
        if reason == Retirement::Unhealthy { worker.kill().await } else { worker.finish().await }
    }

    fn exited(&self, worker: &Arc<Worker>) -> impl Future<Output = WorkerError> + Send + 'static {
        let (gone, worker) = (worker.process.wait(), Arc::downgrade(worker));
        async move {
            gone.await;
            WorkerError::Exited(worker.upgrade().map(|worker| worker.end()).unwrap_or_default())
        }
    }

    fn unfit(&self, worker: &Arc<Worker>) -> impl Future<Output = ()> + Send + 'static {
        let talk = Arc::clone(&worker.talk);
        async move { talk.strayed().await }
    }

    fn panicked(&self, _key: &()) -> WorkerError {
        WorkerError::Panicked
    }
}
