//! The trees that run now: what they are called, how long they may take, and how to end them.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// Why a tree has to end before it does so by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its own timeout.
    Timeout,
    /// Its caller gave up.
    Aborted,
    /// It wrote more than may be kept.
    MaxBuffer,
    /// The cleanup scanner found it too old.
    Cleanup,
    /// Whoever started it is shutting down.
    Shutdown,
}

/// Who a tree runs for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Label {
    /// The MCP server, or what the caller calls it.
    pub server: Option<String>,
    /// The tool, likewise.
    pub tool: Option<String>,
    /// The part of the program that started it, to list and end its trees alone.
    pub owner: u32,
}

/// A tree that runs now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number, which its tag carries.
    pub tree: u64,
    /// The root's pid.
    pub pid: u32,
    /// Who it runs for.
    pub label: Label,
    /// When it was started, by the wall clock and by the one that never jumps.
    pub started: (SystemTime, Instant),
    /// How long it may take; `None` when nobody said, [`Duration::MAX`] for ever.
    pub timeout: Option<Duration>,
    /// To end it.
    pub end: EndRequest,
}

impl Entry {
    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.1.elapsed()
    }
}

/// Asks for a tree's end, also before it has started.
#[derive(Debug, Clone)]
pub struct EndRequest(watch::Sender<Option<(EndReason, Option<Duration>)>>);

impl Default for EndRequest {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl EndRequest {
    /// Asks; the first reason stands. `grace` is the time between SIGTERM and SIGKILL, if not the tree's own.
    pub fn make(&self, reason: EndReason, grace: Option<Duration>) {
        self.0.send_if_modified(|request| {
            let first = request.is_none();
            request.get_or_insert((reason, grace));
            first
        });
    }

    /// Waits until somebody asks.
    pub async fn made(&self) -> EndReason {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|request| *request) {
            Ok(Some((reason, _))) => reason,
            _ => std::future::pending().await,
        }
    }

    /// The grace that was asked for.
    pub fn grace(&self) -> Option<Duration> {
        self.0.borrow().and_then(|(_, grace)| grace)
    }

    /// Waits until the tree is gone; at once if it was never started.
    pub async fn over(&self) {
        self.0.closed().await;
    }
}

/// All trees of this process.
#[derive(Debug, Default)]
pub struct Registry {
    trees: Mutex<BTreeMap<u64, Entry>>,
    last_number: AtomicU64,
}

impl Registry {
    /// A number for a new tree, never used before in this process.
    pub fn next_number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Lists a tree until the registration is dropped.
    pub fn register(self: &Arc<Self>, entry: Entry) -> Registration {
        let listening = entry.end.0.subscribe();
        self.trees.lock().insert(entry.tree, entry.clone());
        Registration { registry: Arc::clone(self), entry, _listening: listening }
    }

    /// The trees that run now, in the order in which they were started.
    pub fn list(&self) -> Vec<Entry> {
        self.trees.lock().values().cloned().collect()
    }

    /// The tree with this number, while it runs.
    pub fn get(&self, tree: u64) -> Option<Entry> {
        self.trees.lock().get(&tree).cloned()
    }
}

/// Keeps a tree listed; dropped when its last process has exited.
#[derive(Debug)]
pub struct Registration {
    registry: Arc<Registry>,
    /// What is listed.
    pub entry: Entry,
    /// Until it is dropped, [`EndRequest::over`] waits.
    _listening: watch::Receiver<Option<(EndReason, Option<Duration>)>>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.trees.lock().remove(&self.entry.tree);
    }
}
