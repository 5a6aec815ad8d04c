//! The trees that run now: what they are called, how long they may take, and how to end them.

mod end;
pub mod events;

pub use end::{EndReason, EndRequest};

use crate::metrics::{Children, ChildrenOf};
use crate::process::oom;
use crate::process::tree::Exit;
use crate::process::usage::Usage;
use events::{Event, Listener, Listeners, What};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// How a tree ended that had no reason of ours to.
fn by_itself(exit: Exit, has_oom_killed: impl FnOnce() -> bool) -> &'static str {
    match exit.code {
        Some(0) => "ok",
        _ if exit.is_by_kill() && has_oom_killed() => "oom",
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
    /// Who is above all of the tree until its end, likewise.
    pub top: Option<u32>,
    /// The most processor time that it was seen to have used.
    pub cpu_time: Duration,
    /// It was killed, and is still there.
    pub stuck: bool,
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
        let started = (SystemTime::now(), Instant::now());
        Self { tree, pid: None, top: None, cpu_time: Duration::ZERO, stuck: false, label, started, timeout, end }
    }

    /// How long it has been running.
    pub fn age(&self) -> Duration {
        self.started.1.elapsed()
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
        let guard = entry.end.guard();
        self.trees.lock().insert(tree, entry);
        Registration { registry: Arc::clone(self), tree, start, oom_kills: oom::kills_before(), _guard: guard }
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

    /// What was started, ended and runs, by server; `look` tells what the tree below a pid uses.
    pub fn children(&self, look: impl Fn(u32) -> Usage) -> Vec<ChildrenOf> {
        let seen: BTreeMap<u64, Usage> =
            self.list().into_iter().filter_map(|entry| Some((entry.tree, look(entry.top?)))).collect();
        // What has ended since is counted as ended and what is told is remembered, under one lock: time never goes back.
        let mut trees = self.trees.lock();
        let mut children = self.children.lock().clone();
        for entry in trees.values_mut().filter(|entry| entry.pid.is_some()) {
            let Usage { memory, cpu_time } = seen.get(&entry.tree).copied().unwrap_or_default();
            entry.cpu_time = entry.cpu_time.max(cpu_time);
            children.running(entry.label.server.as_deref(), memory, entry.cpu_time, entry.stuck);
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
    /// How often the system had run out of memory before.
    oom_kills: Option<u64>,
    _guard: end::Guard,
}

impl Registration {
    /// Notes the root's pid, and that of who is above it.
    pub fn started(&self, pid: u32, top: u32) {
        if let Some(entry) = self.registry.trees.lock().get_mut(&self.tree) {
            (entry.pid, entry.top) = (Some(pid), Some(top));
            self.registry.children.lock().started(entry.label.server.as_deref());
            self.registry.listeners.tell(|| Event::spawned(entry));
        }
    }

    /// Lists the tree as stuck from now on, and counts it once.
    pub fn stuck(&self) {
        if let Some(entry) = self.registry.trees.lock().get_mut(&self.tree).filter(|entry| !entry.stuck) {
            entry.stuck = true;
            self.registry.children.lock().stuck(entry.label.server.as_deref());
        }
    }

    /// Counts and tells the tree's end, and lists it no longer: why it had to end, if it did, how its root exited, how long
    /// it took, and its processor time.
    pub fn ended(&self, reason: Option<EndReason>, exit: Exit, duration: Duration, cpu_time: Duration) {
        let has_oom_killed = || self.oom_kills.zip(oom::kills()).is_some_and(|(before, now)| now > before);
        let how = reason.map_or_else(|| by_itself(exit, has_oom_killed), EndReason::name);
        let mut trees = self.registry.trees.lock();
        let Some(entry) = trees.remove(&self.tree) else { return };
        let cpu_time = cpu_time.max(entry.cpu_time);
        self.registry.children.lock().exited(entry.label.server.as_deref(), how, cpu_time);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_a_tree_ended_by_itself() {
        let code = |code| Exit { code: Some(code), signal: None };
        let signal = |signal| Exit { code: None, signal: Some(signal) };
        for (exit, alone, without_memory) in [
            (code(0), "ok", "ok"),
            (code(1), "error", "error"),
            (code(137), "error", "oom"),
            (signal(9), "killed", "oom"),
            (signal(15), "killed", "killed"),
            (Exit::default(), "killed", "killed"),
        ] {
            assert_eq!((by_itself(exit, || false), by_itself(exit, || true)), (alone, without_memory), "{exit:?}");
        }
    }

    fn usage(milliseconds: u64) -> Usage {
        Usage { memory: 5, cpu_time: Duration::from_millis(milliseconds) }
    }

    #[test]
    fn processor_time_never_goes_back() {
        let registry = Arc::<Registry>::default();
        let seen = |look: Usage| {
            let [of] = registry.children(|_| look).try_into().expect("there is one server");
            (of.count, of.cpu_time.as_millis())
        };
        let start = |number| {
            let registration = registry.register(Entry::new(number, Label::default(), None, EndRequest::default()));
            registration.started(100, 99);
            registration
        };
        let (one, other) = (start(1), start(2));
        assert_eq!(seen(usage(40)), (2, 80));
        assert_eq!(seen(usage(30)), (2, 80), "a look that missed somebody");
        one.ended(None, Exit::default(), Duration::ZERO, Duration::from_millis(10));
        assert_eq!(seen(usage(0)), (1, 80), "an end at which less was known");
        other.ended(None, Exit::default(), Duration::ZERO, Duration::from_millis(60));
        assert_eq!(seen(usage(0)), (0, 100));
    }

    #[test]
    fn a_stuck_tree_is_counted_once_and_listed_until_it_has_ended() {
        let registry = Arc::<Registry>::default();
        let registration = registry.register(Entry::new(1, Label::default(), None, EndRequest::default()));
        registration.started(100, 99);
        let counts = || {
            let [of] = registry.children(|_| usage(0)).try_into().expect("there is one server");
            (registry.list().iter().filter(|entry| entry.stuck).count(), of.stuck, of.stuck_total)
        };
        assert_eq!(counts(), (0, 0, 0));
        registration.stuck();
        registration.stuck();
        assert_eq!(counts(), (1, 1, 1));
        registration.ended(Some(EndReason::Timeout), Exit::default(), Duration::ZERO, Duration::ZERO);
        assert_eq!(counts(), (0, 0, 1));
    }

    #[test]
    fn a_tree_that_ends_while_it_is_looked_at_counts_once() {
        let registry = Arc::<Registry>::default();
        let registration = registry.register(Entry::new(1, Label::default(), None, EndRequest::default()));
        registration.started(100, 99);
        let [of] = registry
            .children(|pid| {
                assert_eq!(pid, 99, "from above all of it");
                registration.ended(None, Exit::default(), Duration::ZERO, Duration::from_millis(7));
                usage(5)
            })
            .try_into()
            .expect("there is one server");
        assert_eq!((of.count, of.cpu_time.as_millis(), of.exits.len()), (0, 7, 1));
    }
}
