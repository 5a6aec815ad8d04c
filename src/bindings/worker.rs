//! Pools of workers. Who uses one is named by a number that JavaScript chose; what the worker does is told to one function.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

mod shapes;

use super::error::{Result, internal};
use super::process::environment;
use crate::runner::{Line, Stream};
use crate::supervisor::Supervisor;
use crate::worker::{Acquired, Use, Worker, WorkerPool};
use napi::bindgen_prelude::{Function, Object};
use napi::threadsafe_function::ThreadsafeFunction;
use napi::{Env, JsDeferred, Status};
use napi_derive::napi;
use parking_lot::Mutex;
use shapes::{WorkerAcquired, WorkerEvent, WorkerExit, WorkerFailure, WorkerPoolRequest, WorkerPoolStatus};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc};
use tokio::task::AbortHandle;

/// Hears of what a worker does, and says whether it can take more. It does not keep the event loop alive.
type Listener = ThreadsafeFunction<WorkerEvent, bool, WorkerEvent, Status, false, true>;

/// Settles the promise of somebody who waits for a worker.
type Waiter = JsDeferred<WorkerAcquired, Box<dyn FnOnce(Env) -> napi::Result<WorkerAcquired> + Send>>;

/// The workers of one pool.
#[napi]
pub struct Workers {
    supervisor: &'static Supervisor,
    pool: Arc<WorkerPool>,
    shared: Arc<Shared>,
}

/// What the pool's deliveries need.
struct Shared {
    supervisor: &'static Supervisor,
    listener: Arc<Listener>,
    uses: Mutex<HashMap<u32, Held>>,
    waiters: Mutex<HashMap<u32, Waiter>>,
}

/// A use, and the task that tells of it.
struct Held {
    used: Use,
    telling: AbortHandle,
    /// Told when JavaScript can take more.
    resumed: Arc<Notify>,
}

#[napi]
impl Workers {
    /// A pool; `listen` is called with what the workers in use do, and returns whether it can take more now.
    #[napi(constructor)]
    pub fn new(env: &Env, request: WorkerPoolRequest, listen: Function<WorkerEvent, bool>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(|error| internal(error.into()))?;
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

    /// Takes an idle worker for this use; its pid, or undefined when there is none.
    #[napi]
    pub fn try_acquire(&self, lease: u32) -> Option<u32> {
        self.pool.try_acquire().map(|used| self.shared.begin(lease, used))
    }

    /// Waits for a worker for this use.
    #[napi(ts_return_type = "Promise<WorkerAcquired>")]
    pub fn acquire<'env>(&self, env: &'env Env, lease: u32) -> Result<Object<'env>> {
        let (waiter, promise) = env.create_deferred().map_err(internal)?;
        self.shared.waiters.lock().insert(lease, waiter);
        self.pool.acquire(lease);
        Ok(promise)
    }

    /// Waits no longer, unless a worker is on its way.
    #[napi]
    pub fn give_up(&self, lease: u32, #[napi(ts_arg_type = "'timeout' | 'aborted'")] why: String) {
        if self.pool.give_up(lease) {
            let kind = if why == "timeout" { "timeout" } else { "aborted" };
            self.shared.answer(lease, move || Err(WorkerFailure::of(kind)));
        }
    }

    /// Writes a text to the worker; when its input has closed, its end will be told.
    #[napi]
    pub fn post(&self, lease: u32, text: String) {
        if let Some(held) = self.shared.uses.lock().get(&lease) {
            held.used.worker().write(text.into_bytes());
        }
    }

    /// The same; resolves with whether the worker's input took it.
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

    /// Can take more of what this worker writes.
    #[napi]
    pub fn resume(&self, lease: u32) {
        if let Some(held) = self.shared.uses.lock().get(&lease) {
            held.resumed.notify_one();
        }
    }

    /// Ends a use. The worker is not used again if it is `spoiled`, or if it wrote more than the `heard` events with lines.
    #[napi]
    pub fn release(&self, lease: u32, heard: u32, spoiled: bool) {
        // The lock is free again before the use ends.
        let held = self.shared.uses.lock().remove(&lease);
        if let Some(Held { used, telling, .. }) = held {
            telling.abort();
            used.end(heard, spoiled);
        }
    }

    /// A look at the pool.
    #[napi]
    pub fn status(&self) -> WorkerPoolStatus {
        WorkerPoolStatus::from(&*self.pool)
    }

    /// Takes no more work, serves those who wait, and ends each worker after its use; resolves when none is left.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn drain<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let pool = Arc::clone(&self.pool);
        self.when_done(env, async move { pool.drain().await })
    }

    /// Refuses those who wait and ends all workers; resolves when nothing is left of them.
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

    /// Settles a waiter's promise; what is settled with is decided on the JavaScript thread.
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

    /// Begins to tell JavaScript of a worker; returns its pid.
    fn begin(&self, lease: u32, mut used: Use) -> u32 {
        let (worker, lines, resumed) = (used.worker(), used.lines.take(), Arc::new(Notify::new()));
        let pid = worker.pid();
        let telling = tell(Arc::clone(&self.listener), lease, worker, lines, Arc::clone(&resumed));
        let telling = self.supervisor.runtime.spawn(telling).abort_handle();
        self.uses.lock().insert(lease, Held { used, telling, resumed });
        pid
    }
}

/// Tells what a worker writes, as fast as JavaScript takes it, and how it ended.
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
