//! A pool of workers that are all alike.

use super::{AcquireError, Template, Worker, WorkerError, WorkerFactory};
use crate::pool::{Lease, Limits, MemberState, Pool, Rules, Stats};
use crate::registry::Registry;
use crate::runner::Line;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Workers, each used by one at a time.
#[derive(Clone)]
pub struct WorkerPool(Pool<WorkerFactory>);

/// The use of a worker; it goes back when this is dropped.
pub struct Use {
    lease: Lease<WorkerFactory>,
    /// What the worker writes during this use.
    pub lines: Option<mpsc::Receiver<Vec<Line>>>,
    heard: u32,
    spoiled: bool,
}

/// How many workers there are, by what they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// Not ready yet.
    pub starting: u32,
    /// Used by nobody.
    pub idle: u32,
    /// In use.
    pub busy: u32,
    /// On their way out.
    pub ending: u32,
}

impl WorkerPool {
    /// A pool that starts what is to be kept warm at once.
    pub fn new(registry: &Arc<Registry>, template: Template, limits: Limits, rules: Rules, runtime: &Handle) -> Self {
        let factory = WorkerFactory::new(Arc::clone(registry), template);
        let pool = Pool::new(factory, limits, runtime.clone());
        pool.define((), Rules { max_in_flight: 1, ..rules });
        Self(pool)
    }

    /// A worker that is idle, if nobody waits for one.
    pub fn try_acquire(&self) -> Option<Use> {
        loop {
            if let Ok(used) = Use::begin(self.0.try_checkout(&())?) {
                return Some(used);
            }
        }
    }

    /// Waits for a worker, at most for `patience`. The place in the queue is taken at once.
    ///
    /// # Errors
    /// [`AcquireError`].
    pub fn acquire<A: Future<Output = ()> + Send>(
        &self,
        patience: Duration,
        aborted: A,
    ) -> impl Future<Output = Result<Use, AcquireError>> + Send + use<A> {
        let (pool, mut checkout) = (self.0.clone(), self.0.checkout(&()));
        let first_come = async move {
            loop {
                match checkout.await.map(Use::begin) {
                    Ok(Ok(used)) => return Ok(used),
                    Ok(Err(())) => checkout = pool.checkout(&()),
                    Err(refusal) => return Err(AcquireError::Refused(refusal)),
                }
            }
        };
        async move {
            tokio::select! {
                biased;
                used = first_come => used,
                () = aborted => Err(AcquireError::Aborted),
                () = sleep(patience) => Err(AcquireError::TimedOut),
            }
        }
    }

    /// How many workers there are.
    pub fn count(&self) -> Count {
        let mut count = Count::default();
        for member in self.0.status() {
            *match member.state {
                MemberState::Starting => &mut count.starting,
                MemberState::Idle => &mut count.idle,
                MemberState::Busy => &mut count.busy,
                MemberState::Ending => &mut count.ending,
            } += 1;
        }
        count
    }

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.0.queued()
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// Takes no more work, serves those who wait, and ends each worker after its last use; returns when none is left.
    pub async fn drain(&self) {
        self.0.drain().await;
    }

    /// Refuses those who wait and ends all workers; returns when nothing is left of them.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl Use {
    /// Begins a use; a worker that said something since the last one is not used again.
    fn begin(lease: Lease<WorkerFactory>) -> Result<Self, ()> {
        if let Some(lines) = lease.begin_use() {
            return Ok(Self { lease, lines: Some(lines), heard: 0, spoiled: false });
        }
        lease.spoil();
        Err(())
    }

    /// The worker.
    pub fn worker(&self) -> Arc<Worker> {
        self.lease.member()
    }

    /// Ends the use. A worker that is spoiled, or said more than was heard, is not used again: what it says late would be
    /// taken for an answer to the next user. `heard` counts the batches with lines of its standard output.
    pub fn end(mut self, heard: u32, spoiled: bool) {
        (self.heard, self.spoiled) = (heard, spoiled);
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        let was_heard = self.lease.end_use(self.heard);
        if let Some(end) = self.lease.exited() {
            // Its end, and not its user's discontent, is what the pool has to know of.
            self.lease.failed(WorkerError::Exited(end));
        } else if !was_heard || self.spoiled {
            self.lease.spoil();
        }
    }
}
