//! A pool of workers that are all alike.

use super::error::WorkerError;
use super::factory::{Template, WorkerFactory};
use super::process::Worker;
use crate::pool::{Answer, Dispatcher, Lease, Limits, MemberState, Pool, Refusal, Rules, Stats};
use crate::registry::Registry;
use crate::runner::Line;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The answer to a waiter.
pub type Acquired = Result<Use, Refusal<WorkerError>>;

/// Workers with one user at a time. Waiters have numbers of their callers' choice.
pub struct WorkerPool {
    pool: Pool<WorkerFactory>,
    dispatcher: Arc<Dispatcher<WorkerFactory>>,
}

/// The use of a worker. Dropping it gives the worker back.
pub struct Use {
    lease: Lease<WorkerFactory>,
    /// The lines that the worker writes during this use.
    pub lines: Option<mpsc::Receiver<Vec<Line>>>,
    batches_read: u32,
    is_unfit: bool,
}

/// The numbers of workers, by what they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// The workers that are not ready yet.
    pub starting: u32,
    /// The workers without a user.
    pub idle: u32,
    /// The workers in use.
    pub busy: u32,
    /// The workers that are being terminated.
    pub ending: u32,
}

impl WorkerPool {
    /// Makes a pool, which starts the workers that are kept warm. Waiters are answered through `deliver`, one after another.
    pub fn new(
        registry: &Arc<Registry>,
        template: Template,
        limits: Limits,
        rules: Rules,
        runtime: &Handle,
        deliver: impl Fn(u32, Acquired) + Send + 'static,
    ) -> Self {
        let factory = WorkerFactory::new(Arc::clone(registry), template);
        let pool = Pool::new(factory, limits, runtime.clone());
        pool.make_room_for(&registry.gate);
        pool.define((), Rules { max_in_flight: 1, ..rules });
        let workers = pool.clone();
        let answer = move |dispatcher: &Dispatcher<_>, number, answer: Answer<_>| match answer.map(Use::begin) {
            Ok(Some(worker)) => deliver(number, Ok(worker)),
            Ok(None) => dispatcher.wait(&workers, &(), false, number),
            Err(refusal) => deliver(number, Err(refusal)),
        };
        Self { pool, dispatcher: Dispatcher::new(runtime, answer) }
    }

    /// Takes an idle worker, if there is no waiter.
    pub fn try_acquire(&self) -> Option<Use> {
        loop {
            if let Some(worker) = Use::begin(self.pool.try_checkout(&())?) {
                return Some(worker);
            }
        }
    }

    /// Queues a waiter under this number.
    pub fn acquire(&self, number: u32) {
        self.dispatcher.wait(&self.pool, &(), false, number);
    }

    /// Takes a waiter out of the queue. Returns `false` when the answer has been delivered.
    pub fn give_up(&self, number: u32) -> bool {
        self.dispatcher.cancel(number)
    }

    /// Counts the workers.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for member in self.pool.status() {
            *match member.state {
                MemberState::Starting => &mut count.starting,
                MemberState::Idle => &mut count.idle,
                MemberState::Busy => &mut count.busy,
                MemberState::Ending => &mut count.ending,
            } += 1;
        }
        count
    }

    /// Returns the number of waiters.
    pub fn queued(&self) -> usize {
        self.pool.queued()
    }

    /// Returns the counts so far.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// Takes no more work, serves the waiters, and terminates each worker after its last use. Returns when the last has
    /// exited.
    pub async fn drain(&self) {
        self.pool.drain().await;
    }

    /// Refuses the waiters and terminates all workers. Returns when every process of the workers has exited.
    pub async fn shut_down(&self) {
        self.pool.shut_down().await;
    }
}

impl Use {
    /// Begins a use. A worker that has written something since the last use is not used again.
    fn begin(lease: Lease<WorkerFactory>) -> Option<Self> {
        if let Some(lines) = lease.begin_use() {
            return Some(Self { lease, lines: Some(lines), batches_read: 0, is_unfit: false });
        }
        lease.mark_unfit();
        None
    }

    /// Returns the worker.
    pub fn worker(&self) -> Arc<Worker> {
        self.lease.member()
    }

    /// Ends the use. `batches_read` counts the batches with lines of the worker's standard output.
    ///
    /// A worker is not used again if it is unfit, or if it has written more than was read: the next user would take those
    /// lines for an answer.
    pub fn end(mut self, batches_read: u32, is_unfit: bool) {
        (self.batches_read, self.is_unfit) = (batches_read, is_unfit);
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let was_read = self.lease.end_use(self.batches_read);
        if let Some(end) = self.lease.exit_status() {
            // The exit matters to the pool, and not the user's opinion of the worker.
            self.lease.mark_exited(WorkerError::Exited(end));
        } else if !was_read || self.is_unfit {
            self.lease.mark_unfit();
        }
    }
}
