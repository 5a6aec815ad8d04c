//! The state that all JavaScript environments of this process share.

use crate::mcp::OnServerRequest;
use crate::mcp::pool::McpPool;
use crate::metrics::Metrics;
use crate::pool::{Limits, Rules};
use crate::process::table::snapshot;
use crate::registry::{EndReason, Registry};
use crate::scanner::reason::Reason;
use crate::scanner::{Options, Scanner, Termination, TrackedTree, Trees};
use crate::worker::{Acquired, Template, WorkerPool};
use once_cell::sync::OnceCell;
use std::io::{self, pipe};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// The registry and the runtime, which all environments share.
#[derive(Debug)]
pub struct Supervisor {
    /// The trees that run now.
    pub registry: Arc<Registry>,
    /// The threads for all work that would block the JavaScript thread.
    pub runtime: Runtime,
}

/// Returns the metrics of this process, which need no runtime.
pub fn metrics() -> &'static Metrics {
    static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::default);
    &METRICS
}

/// The pipes whose descriptors are enough for a runtime: it opens seven.
const RUNTIME_PIPES: usize = 5;

static SUPERVISOR: OnceCell<Supervisor> = OnceCell::new();

impl Supervisor {
    /// Returns the supervisor of this process, if anything has used it. Lists need no threads.
    pub fn existing() -> Option<&'static Self> {
        SUPERVISOR.get()
    }

    /// Returns the supervisor of this process. The first call creates it.
    ///
    /// # Errors
    /// Returns the system's error when no thread can be started.
    pub fn get() -> io::Result<&'static Self> {
        SUPERVISOR.get_or_try_init(|| {
            // The runtime panics if it can start no thread, or has no descriptors for its signals and its reactor.
            thread::Builder::new().spawn(|| ())?;
            let reserve = (0..RUNTIME_PIPES).map(|_| pipe()).collect::<io::Result<Vec<_>>>()?;
            drop(reserve);
            // One thread waits for pipes and processes, and a few may block to read the process table.
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).max_blocking_threads(4).thread_keep_alive(Duration::from_secs(5));
            let runtime = builder.thread_name("procward").enable_all().build()?;
            Ok(Self { registry: Arc::default(), runtime })
        })
    }

    /// Creates an empty pool of sessions with MCP servers. `on_request` is called with the servers' own requests.
    pub fn mcp_pool(&self, limits: Limits, on_request: OnServerRequest) -> Arc<McpPool> {
        McpPool::new(&self.registry, limits, self.runtime.handle(), on_request)
    }

    /// Creates a pool of equal workers; see [`WorkerPool::new`].
    pub fn worker_pool(
        &self,
        template: Template,
        limits: Limits,
        rules: Rules,
        deliver: impl Fn(u32, Acquired) + Send + 'static,
    ) -> WorkerPool {
        WorkerPool::new(&self.registry, template, limits, rules, self.runtime.handle(), deliver)
    }

    /// Creates a cleanup scanner for this process's trees.
    pub fn scanner(&self, options: Options) -> Scanner {
        let trees = Arc::clone(&self.registry) as Arc<dyn Trees>;
        Scanner::new(Arc::new(snapshot), trees, options, self.runtime.handle().clone())
    }
}

impl Trees for Registry {
    fn live(&self) -> Vec<TrackedTree> {
        let tree = |entry: crate::registry::Entry| TrackedTree {
            root: entry.pid.unwrap_or_default(),
            number: entry.tree,
            age: entry.age(),
            within_deadline: entry.timeout.is_some_and(|timeout| entry.age() <= timeout),
            pooled: entry.label.pooled,
        };
        self.list().into_iter().map(tree).collect()
    }

    fn terminate(&self, tree: u64, _reason: Reason) -> Termination<'_> {
        Box::pin(async move {
            if let Some(entry) = self.get(tree) {
                entry.end.request(EndReason::Cleanup, None);
                entry.end.wait().await;
            }
            Ok(())
        })
    }

    fn note_killed(&self, pid: u32) {
        self.notify_cleaned_up(pid);
    }
}
