//! A pool of workers that are all alike.

use super::{Template, Worker, WorkerError, WorkerFactory};
use crate::pool::{Answer, Lease, Limits, MemberState, Place, Pool, Refusal, Rules, Stats};
use crate::registry::Registry;
use crate::runner::Line;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// What became of waiting for a worker.
pub type Acquired = Result<Use, Refusal<WorkerError>>;

/// Workers, each used by one at a time. Those who wait are named by numbers of their own choice.
pub struct WorkerPool {
    pool: Pool<WorkerFactory>,
    /// Answers, in the order in which they were given.
    answers: mpsc::UnboundedSender<(u32, Answer<WorkerFactory>)>,
    waiting: Arc<Mutex<HashMap<u32, Place<WorkerFactory>>>>,
}

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
    /// A pool that starts what is to be kept warm at once. Those who wait hear from `deliver`, one after another.
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
        pool.define((), Rules { max_in_flight: 1, ..rules });
        let (answers, given) = mpsc::unbounded_channel();
        let this = Self { pool, answers, waiting: Arc::default() };
        runtime.spawn(this.deliver(given, deliver));
        this
    }

    /// A worker that is idle, if nobody waits for one.
    pub fn try_acquire(&self) -> Option<Use> {
        loop {
            if let Ok(used) = Use::begin(self.pool.try_checkout(&())?) {
                return Some(used);
            }
        }
    }

    /// Waits for a worker, under this number.
    pub fn acquire(&self, number: u32) {
        wait(&self.pool, &self.waiting, number, self.answers.clone());
    }

    /// Waits no longer; `false` when an answer is on its way.
    pub fn give_up(&self, number: u32) -> bool {
        let place = self.waiting.lock().remove(&number);
        place.is_some()
    }

    /// Passes answers on until the pool and all who wait are gone.
    fn deliver<D: Fn(u32, Acquired) + Send>(
        &self,
        mut given: mpsc::UnboundedReceiver<(u32, Answer<WorkerFactory>)>,
        deliver: D,
    ) -> impl Future<Output = ()> + Send + use<D> {
        let (pool, waiting, answers) = (self.pool.clone(), Arc::clone(&self.waiting), self.answers.downgrade());
        async move {
            while let Some((number, answer)) = given.recv().await {
                // Whoever gave up in the meantime gets nothing, and a lease goes to the next.
                if waiting.lock().remove(&number).is_none() {
                    continue;
                }
                match answer.map(|lease| Use::begin(lease.delivered())) {
                    Ok(Ok(used)) => deliver(number, Ok(used)),
                    Err(refusal) => deliver(number, Err(refusal)),
                    Ok(Err(())) => match answers.upgrade() {
                        Some(answers) => wait(&pool, &waiting, number, answers),
                        None => deliver(number, Err(Refusal::Closed)),
                    },
                }
            }
        }
    }

    /// How many workers there are.
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

    /// How many wait.
    pub fn queued(&self) -> usize {
        self.pool.queued()
    }

    /// What has happened so far.
    pub fn stats(&self) -> Stats {
        self.pool.stats()
    }

    /// Takes no more work, serves those who wait, and ends each worker after its last use; returns when none is left.
    pub async fn drain(&self) {
        self.pool.drain().await;
    }

    /// Refuses those who wait and ends all workers; returns when nothing is left of them.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Joins the queue. The lock is held until the place is noted, so that no answer can come before that.
fn wait(
    pool: &Pool<WorkerFactory>,
    waiting: &Mutex<HashMap<u32, Place<WorkerFactory>>>,
    number: u32,
    answers: mpsc::UnboundedSender<(u32, Answer<WorkerFactory>)>,
) {
    let mut waiting = waiting.lock();
    let place = pool.checkout_to(&(), move |answer| answers.send((number, answer)).err().map(|unsent| unsent.0.1));
    waiting.insert(number, place);
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
