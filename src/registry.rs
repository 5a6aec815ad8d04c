//! The trees that run now: what they are called, how long they may take, and how to end them.

pub mod events;

use crate::metrics::{Children, ChildrenOf};
use crate::process::tree::Exit;
use events::{Event, Listener, Listeners, What};
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

impl EndReason {
    fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::MaxBuffer => "max_buffer",
            Self::Cleanup => "cleanup",
            Self::Shutdown => "shutdown",
        }
    }
}

fn by_itself(code: Option<i32>) -> &'static str {
    match code {
        Some(0) => "ok",
        Some(_) => "error",
        None => "killed",
    }
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
    /// It is kept for further use, and is no call.
    pub pooled: bool,
}

/// A tree that runs now.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number, which its tag carries.
    pub tree: u64,
    /// The root's pid, once it has started.
    pub pid: Option<u32>,
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
    /// A tree that is about to be started.
    pub fn new(tree: u64, label: Label, timeout: Option<Duration>, end: EndRequest) -> Self {
        Self { tree, pid: None, label, started: (SystemTime::now(), Instant::now()), timeout, end }
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.1.elapsed()
    }
}

/// Asks for a tree's end, also before it has started.
#[derive(Debug, Clone)]
pub struct EndRequest(watch::Sender<Option<Request>>);

/// What was asked for so far. A grace is the time between SIGTERM and SIGKILL.
#[derive(Debug, Clone, Copy)]
struct Request {
    reason: EndReason,
    /// What the first one asked for, if it did.
    grace: Option<Duration>,
    /// The shortest that anybody asked for since.
    hurry: Duration,
}

impl Request {
    fn grace(&self, own: Duration) -> Duration {
        self.grace.unwrap_or(own).min(self.hurry)
    }
}

impl Default for EndRequest {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl EndRequest {
    /// Asks. The first reason stands, and so does its grace, without which it is the tree's own; who asks later can only
    /// shorten it.
    pub fn make(&self, reason: EndReason, grace: Option<Duration>) {
        self.0.send_modify(|request| match request {
            Some(request) => request.hurry = request.hurry.min(grace.unwrap_or(Duration::MAX)),
            None => *request = Some(Request { reason, grace, hurry: Duration::MAX }),
        });
    }

    /// Waits until somebody asks.
    pub async fn made(&self) -> EndReason {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|request| *request) {
            Ok(Some(Request { reason, .. })) => reason,
            _ => std::future::pending().await,
        }
    }

    /// The grace that counts, for a tree with this one of its own.
    pub fn grace(&self, own: Duration) -> Duration {
        self.0.borrow().map_or(own, |request| request.grace(own))
    }

    /// Waits until somebody asks for a shorter grace than this.
    pub async fn hurried(&self, than: Duration) -> Duration {
        let mut receiver = self.0.subscribe();
        let is_hurried = |request: &Option<Request>| request.is_some_and(|request| request.grace(than) < than);
        match receiver.wait_for(is_hurried).await.map(|request| *request) {
            Ok(Some(request)) => request.grace(than),
            _ => std::future::pending().await,
        }
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
    /// What was started and ended so far.
    children: Mutex<Children>,
    listeners: Listeners,
}

/// For all registries, because a tag names the process and the number alone.
static LAST_NUMBER: AtomicU64 = AtomicU64::new(0);

impl Registry {
    /// A number for a new tree, never used before in this process.
    pub fn next_number(&self) -> u64 {
        LAST_NUMBER.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Lists a tree until the registration is dropped.
    pub fn register(self: &Arc<Self>, entry: Entry) -> Registration {
        let (tree, start) = (entry.tree, entry.started.1);
        let listening = entry.end.0.subscribe();
        self.trees.lock().insert(tree, entry);
        Registration { registry: Arc::clone(self), tree, start, _listening: listening }
    }

    /// The trees that run now, in the order in which they were started.
    pub fn list(&self) -> Vec<Entry> {
        self.trees.lock().values().cloned().collect()
    }

    /// The tree with this number, while it runs.
    pub fn get(&self, tree: u64) -> Option<Entry> {
        self.trees.lock().get(&tree).cloned()
    }

    /// Whoever holds the listener is told, from those that run now on. `wake` is called when there is something to take, on
    /// whatever thread; it must not use the registry.
    pub fn listen(&self, wake: impl Fn() + Send + Sync + 'static) -> Arc<Listener> {
        // Under the lock, under which starts are told too: each is told once.
        let trees = self.trees.lock();
        self.listeners.add(wake, trees.values().filter_map(Event::spawned))
    }

    /// A process that was no tree of this registry has been ended by the cleanup.
    pub fn cleaned_up(&self, pid: u32) {
        let what = What::Killed(EndReason::Cleanup.name());
        self.listeners.tell(|| Some(Event { pid, label: Label::default(), time: SystemTime::now(), what }));
    }

    /// What was started, ended and runs, by server; `resident` tells the memory of the tree below a pid.
    pub fn children(&self, resident: impl Fn(u32) -> Option<u64>) -> Vec<ChildrenOf> {
        let mut children = self.children.lock().clone();
        for Entry { pid, label, .. } in self.list() {
            if let Some(pid) = pid {
                children.running(label.server.as_deref(), resident(pid).unwrap_or_default());
            }
        }
        children.list()
    }
}

/// Keeps a tree listed; dropped when its last process has exited.
#[derive(Debug)]
pub struct Registration {
    registry: Arc<Registry>,
    tree: u64,
    start: Instant,
    /// Until it is dropped, [`EndRequest::over`] waits.
    _listening: watch::Receiver<Option<Request>>,
}

impl Registration {
    /// Notes the root's pid.
    pub fn started(&self, pid: u32) {
        if let Some(entry) = self.registry.trees.lock().get_mut(&self.tree) {
            entry.pid = Some(pid);
            self.registry.children.lock().started(entry.label.server.as_deref());
            self.registry.listeners.tell(|| Event::spawned(entry));
        }
    }

    /// Counts and tells the tree's end: why it had to end, if it did, how its root exited, and how long it took.
    pub fn ended(&self, reason: Option<EndReason>, exit: Exit, duration: Duration) {
        let trees = self.registry.trees.lock();
        let Some(entry) = trees.get(&self.tree) else { return };
        let how = reason.map_or_else(|| by_itself(exit.code), EndReason::name);
        self.registry.children.lock().ended(entry.label.server.as_deref(), how);
        let event = |what| Some(Event { pid: entry.pid?, label: entry.label.clone(), time: SystemTime::now(), what });
        if reason.is_some() {
            self.registry.listeners.tell(|| event(What::Killed(how)));
        }
        self.registry.listeners.tell(|| event(What::Exited { duration, exit, reason: how }));
    }

    /// How long it has been listed.
    pub fn age(&self) -> Duration {
        self.start.elapsed()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.registry.trees.lock().remove(&self.tree);
    }
}
