//! Pools of workers. JavaScript numbers the leases; one function gets the events of all leased workers.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

mod shapes;

use super::error::{Result, internal, system};
use super::process::environment;
use crate::runner::{Line, Stream};
use crate::supervisor::Supervisor;
use crate::worker::{Acquired, Use, Worker, WorkerPool};
use napi::bindgen_prelude::{Function, Object};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, JsDeferred, Status};
use napi_derive::napi;
use parking_lot::Mutex;
use shapes::{
    WorkerAcquired, WorkerEvent, WorkerExit, WorkerFailure, WorkerGiveUpReason, WorkerPoolRequest, WorkerPoolStatus,
};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

/// The JavaScript function that gets events and returns whether it can take more. It does not keep the event loop alive.
type Listener = ThreadsafeFunction<WorkerEvent, bool, WorkerEvent, Status, false, true>;

/// The promise of a waiter for a worker.
type Waiter = JsDeferred<WorkerAcquired, Box<dyn FnOnce(Env) -> napi::Result<WorkerAcquired> + Send>>;

/// The workers of one pool.
#[napi]
pub struct Workers {
    supervisor: &'static Supervisor,
    pool: Arc<WorkerPool>,
    shared: Arc<Shared>,
}

/// The state that the pool's deliveries need.
struct Shared {
    supervisor: &'static Supervisor,
    listener: Arc<Listener>,
    uses: Mutex<HashMap<u32, Held>>,
    waiters: Mutex<HashMap<u32, Waiter>>,
}

/// A lease, and the task that sends its events.
struct Held {
    used: Use,
    telling: AbortHandle,
    /// Notified when JavaScript can take more.
    resumed: Arc<Notify>,
}

#[napi]
impl Workers {
    /// Creates a pool. `listen` is called with the events of leased workers, and returns whether it can take more now.
    #[napi(constructor)]
    pub fn new(env: &Env, request: WorkerPoolRequest, listen: Function<WorkerEvent, bool>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        let listener = listen.build_threadsafe_function().weak::<true>().build().map_err(internal)?;
        let environment_ended = environment::ended(env).map_err(internal)?;
        let (template, limits, rules) = request.into_parts();
        let shared = Arc::new(Shared {
            supervisor,
            listener: Arc::new(listener),
            uses: Mutex::default(),
            waiters: Mutex::default(),
        });
        let receiver = Arc::clone(&shared);
        let deliver = move |lease, acquired| receiver.deliver(lease, acquired);
        let pool = Arc::new(supervisor.worker_pool(template, limits, rules, deliver));
        let alive = Arc::downgrade(&pool);
        supervisor.runtime.spawn(async move {
            environment_ended.await;
            if let Some(pool) = alive.upgrade() {
                pool.shut_down().await;
            }
        });
        Ok(Self { supervisor, pool, shared })
    }

    /// Leases an idle worker and returns its pid, or undefined without an idle worker.
    #[napi]
    pub fn try_acquire(&self, lease: u32) -> Option<u32> {
        self.pool.try_acquire().map(|used| self.shared.begin(lease, used))
    }

    /// Waits for a worker.
    #[napi(ts_return_type = "Promise<WorkerAcquired>")]
    pub fn acquire<'env>(&self, env: &'env Env, lease: u32) -> Result<Object<'env>> {
        let (waiter, promise) = env.create_deferred().map_err(internal)?;
        self.shared.waiters.lock().insert(lease, waiter);
        self.pool.acquire(lease);
        Ok(promise)
    }

    /// Gives the wait up, unless a worker was granted already.
    #[napi]
    pub fn give_up(&self, lease: u32, reason: WorkerGiveUpReason) {
        if self.pool.give_up(lease) {
            self.shared.answer(lease, move || Err(WorkerFailure::of(reason.into())));
        }
    }

    /// Writes a text to the worker. A closed input is followed by an exit event.
    #[napi]
    pub fn post(&self, lease: u32, text: String) {
        if let Some(held) = self.shared.uses.lock().get(&lease) {
            held.used.worker().write(text.into_bytes());
        }
    }

    /// Writes a text to the worker. Resolves with `false` when its input did not take the text.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn send<'env>(&self, env: &'env Env, lease: u32, text: String) -> Result<Object<'env>> {
        let worker = self.shared.uses.lock().get(&lease).map(|held| held.used.worker());
        let written = worker.and_then(|worker| worker.write(text.into_bytes()));
        self.when_done(env, async move {
            match written {
                Some(written) => written.await.is_ok(),
                None => false,
            }
        })
    }

    /// Says that JavaScript can take more events of this lease.
    #[napi]
    pub fn resume(&self, lease: u32) {
        if let Some(held) = self.shared.uses.lock().get(&lease) {
            held.resumed.notify_one();
        }
    }

    /// Ends a lease. The worker is not leased again if `spoiled`, or if it wrote more events with lines than `heard`.
    #[napi]
    pub fn release(&self, lease: u32, heard: u32, spoiled: bool) {
        // The lock is released before the lease ends.
        let held = self.shared.uses.lock().remove(&lease);
        if let Some(Held { used, telling, .. }) = held {
            telling.abort();
            used.end(heard, spoiled);
        }
    }

    /// Returns the counts of the pool.
    #[napi]
    pub fn status(&self) -> WorkerPoolStatus {
        WorkerPoolStatus::from(&*self.pool)
    }

    /// Refuses new waiters, serves the others, and shuts each worker down after its lease. Resolves when no worker is left.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.pool);
        self.when_done(env, async move { pool.drain().await })
    }

    /// Refuses all waiters and shuts all workers down. Resolves when all their processes have exited.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.pool);
        self.when_done(env, async move { pool.shut_down().await })
    }

    fn when_done<'env, T>(&self, env: &'env Env, work: impl Future<Output = T> + Send + 'static) -> Result<Object<'env>>
    where
        T: napi::bindgen_prelude::ToNapiValue + Send + 'static,
    {
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        self.supervisor.runtime.spawn(async move {
            let done = work.await;
            deferred.resolve(|_| Ok(done));
        });
        Ok(promise)
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let pool = Arc::clone(&self.pool);
        self.supervisor.runtime.spawn(async move { pool.shut_down().await });
    }
}

impl Shared {
    fn deliver(self: &Arc<Self>, lease: u32, acquired: Acquired) {
        let shared = Arc::clone(self);
        self.answer(lease, move || match acquired {
            Ok(used) => Ok(shared.begin(lease, used)),
            Err(refusal) => Err(refusal.into()),
        });
    }

    /// Settles the promise of a waiter. `answer` runs on the JavaScript thread.
    fn answer(&self, lease: u32, answer: impl FnOnce() -> std::result::Result<u32, WorkerFailure> + Send + 'static) {
        let waiter = self.waiters.lock().remove(&lease);
        if let Some(waiter) = waiter {
            waiter.resolve(Box::new(move |_| {
                Ok(match answer() {
                    Ok(pid) => WorkerAcquired { pid: Some(pid), failure: None },
                    Err(failure) => WorkerAcquired { pid: None, failure: Some(failure) },
                })
            }));
        }
    }

    /// Begins to send the events of a worker, and returns its pid.
    fn begin(&self, lease: u32, mut used: Use) -> u32 {
        let (worker, lines, resumed) = (used.worker(), used.lines.take(), Arc::new(Notify::new()));
        let pid = worker.pid();
        let telling = tell(Arc::clone(&self.listener), lease, worker, lines, Arc::clone(&resumed));
        let telling = self.supervisor.runtime.spawn(telling).abort_handle();
        self.uses.lock().insert(lease, Held { used, telling, resumed });
        pid
    }
}

/// Sends the lines of a worker, as fast as JavaScript takes them, and its exit.
async fn tell(
    listener: Arc<Listener>,
    lease: u32,
    worker: Arc<Worker>,
    lines: Option<mpsc::Receiver<Vec<Line>>>,
    resumed: Arc<Notify>,
) {
    if let Some(mut lines) = lines {
        while let Some(batch) = lines.recv().await {
            let mut event = WorkerEvent { lease, ..WorkerEvent::default() };
            for Line { stream, bytes } in batch {
                let of_stream = if stream == Stream::Stdout { &mut event.lines } else { &mut event.error_lines };
                of_stream.push(String::from_utf8_lossy(&bytes).into_owned());
            }
            match listener.call_async(event).await {
                Ok(true) => {}
                Ok(false) => resumed.notified().await,
                Err(_) => return,
            }
        }
    }
    let exit = Some(WorkerExit::from(worker.wait().await));
    let _ = listener.call_async(WorkerEvent { lease, exit, ..WorkerEvent::default() }).await;
}
