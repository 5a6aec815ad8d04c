//! The process trees that run now: their labels, their timeouts, and requests to end them.

mod end;
mod entry;
pub mod events;

pub use end::{EndReason, EndRequest};
pub use entry::{Entry, Label};

use crate::admission::{Admission, Gate};
use crate::metrics::{Children, ChildrenOf};
use crate::process::oom;
use crate::process::tree::ExitStatus;
use crate::process::usage::Usage;
use events::{Event, EventKind, Listener, Listeners};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// The metrics' word for a kill for lack of memory.
const OUT_OF_MEMORY: &str = "oom";

/// Returns the metrics' word for the end of a tree that ended without a request.
fn by_itself(exit: ExitStatus, has_oom_killed: impl FnOnce() -> bool) -> &'static str {
    match exit.code {
        Some(0) => "ok",
        _ if exit.is_by_kill() && has_oom_killed() => OUT_OF_MEMORY,
        Some(_) => "error",
        None => "killed",
    }
}

/// All trees of this process.
#[derive(Debug, Default)]
pub struct Registry {
    /// The gate that a tree passes before its start.
    pub gate: Arc<Gate>,
    trees: Mutex<BTreeMap<u64, Entry>>,
    /// The counts of started and ended trees.
    children: Mutex<Children>,
    listeners: Listeners,
}

/// One counter for all registries, because a tag holds only the process and the number.
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
        Registration {
            registry: Arc::clone(self),
            tree,
            start,
            oom_kills: oom::kills_before(),
            admission: Admission::free(tree),
            _guard: guard,
        }
    }

    /// Returns the running trees, in the order of their starts.
    pub fn list(&self) -> Vec<Entry> {
        self.trees.lock().values().cloned().collect()
    }

    /// Returns the tree with this number, while it runs.
    pub fn get(&self, tree: u64) -> Option<Entry> {
        self.trees.lock().get(&tree).cloned()
    }

    /// Subscribes to events, beginning with the starts of the running trees, until the listener is dropped.
    ///
    /// `wake` is called on any thread when there are events to take. It must not use the registry.
    pub fn subscribe(&self, wake: impl Fn() + Send + Sync + 'static) -> Arc<Listener> {
        // Starts are notified under the same lock, so each is notified once.
        let trees = self.trees.lock();
        self.listeners.add(wake, trees.values().filter_map(Event::spawned))
    }

    /// Notifies listeners that the cleanup has ended a process that was no tree of this registry.
    pub fn notify_cleaned_up(&self, pid: u32) {
        let kind = EventKind::Killed(EndReason::Cleanup.name());
        self.listeners.notify(|| Some(Event { pid, label: Label::default(), time: SystemTime::now(), kind }));
    }

    /// Counts the started, ended and running trees by server. `look` reads the usage of the tree below a pid.
    pub fn children(&self, look: impl Fn(u32) -> Usage) -> Vec<ChildrenOf> {
        let seen: BTreeMap<u64, Usage> =
            self.list().into_iter().filter_map(|entry| Some((entry.tree, look(entry.topmost_pid?)))).collect();
        // A tree that ended during the reading is in `children` already. Both locks are held, so each tree counts once.
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

/// Keeps a tree listed. Dropped when every process of the tree has exited.
#[derive(Debug)]
pub struct Registration {
    registry: Arc<Registry>,
    tree: u64,
    start: Instant,
    /// The number of kills for lack of memory before the start.
    oom_kills: Option<u64>,
    admission: Admission,
    _guard: end::Guard,
}

impl Registration {
    /// Keeps the tree's admission as long as the tree is listed.
    #[must_use]
    pub fn admitted(mut self, admission: Admission) -> Self {
        self.admission = admission;
        self
    }

    /// Notes the root's pid, and the pid of the process above the whole tree.
    pub fn set_started(&self, pid: u32, topmost_pid: u32) {
        if let Some(entry) = self.registry.trees.lock().get_mut(&self.tree) {
            (entry.pid, entry.topmost_pid) = (Some(pid), Some(topmost_pid));
            self.registry.children.lock().started(entry.label.server.as_deref());
            self.registry.listeners.notify(|| Event::spawned(entry));
        }
        self.admission.set_started(topmost_pid);
    }

    /// Lists the tree as stuck from now on, and counts it once.
    pub fn set_stuck(&self) {
        if let Some(entry) = self.registry.trees.lock().get_mut(&self.tree).filter(|entry| !entry.stuck) {
            entry.stuck = true;
            self.registry.children.lock().stuck(entry.label.server.as_deref());
        }
    }

    /// Counts the end of the tree, notifies listeners, and removes the tree from the list.
    pub fn set_exited(&self, reason: Option<EndReason>, exit: ExitStatus, duration: Duration, cpu_time: Duration) {
        let has_oom_killed = || self.oom_kills.zip(oom::kills()).is_some_and(|(before, now)| now > before);
        let how = reason.map_or_else(|| by_itself(exit, has_oom_killed), EndReason::name);
        if how == OUT_OF_MEMORY {
            self.admission.set_out_of_memory();
        }
        let mut trees = self.registry.trees.lock();
        let Some(entry) = trees.remove(&self.tree) else { return };
        let cpu_time = cpu_time.max(entry.cpu_time);
        self.registry.children.lock().exited(entry.label.server.as_deref(), how, cpu_time);
        let event = |kind| Some(Event { pid: entry.pid?, label: entry.label.clone(), time: SystemTime::now(), kind });
        if reason.is_some() {
            self.registry.listeners.notify(|| event(EventKind::Killed(how)));
        }
        self.registry.listeners.notify(|| event(EventKind::Exited { duration, exit, reason: how }));
    }

    /// Returns the time since the start of the registration.
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
    fn an_exit_status_maps_to_the_word_of_the_metrics() {
        let code = |code| ExitStatus { code: Some(code), signal: None };
        let signal = |signal| ExitStatus { code: None, signal: Some(signal) };
        for (exit, alone, without_memory) in [
            (code(0), "ok", "ok"),
            (code(1), "error", "error"),
            (code(137), "error", "oom"),
            (signal(9), "killed", "oom"),
            (signal(15), "killed", "killed"),
            (ExitStatus::default(), "killed", "killed"),
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
            registration.set_started(100, 99);
            registration
        };
        let (one, other) = (start(1), start(2));
        assert_eq!(seen(usage(40)), (2, 80));
        assert_eq!(seen(usage(30)), (2, 80), "a look that missed a process");
        one.set_exited(None, ExitStatus::default(), Duration::ZERO, Duration::from_millis(10));
        assert_eq!(seen(usage(0)), (1, 80), "an end at which less was known");
        other.set_exited(None, ExitStatus::default(), Duration::ZERO, Duration::from_millis(60));
        assert_eq!(seen(usage(0)), (0, 100));
    }

    #[test]
    fn a_stuck_tree_is_counted_once_and_listed_until_its_exit() {
        let registry = Arc::<Registry>::default();
        let registration = registry.register(Entry::new(1, Label::default(), None, EndRequest::default()));
        registration.set_started(100, 99);
        let counts = || {
            let [of] = registry.children(|_| usage(0)).try_into().expect("there is one server");
            (registry.list().iter().filter(|entry| entry.stuck).count(), of.stuck, of.stuck_total)
        };
        assert_eq!(counts(), (0, 0, 0));
        registration.set_stuck();
        registration.set_stuck();
        assert_eq!(counts(), (1, 1, 1));
        registration.set_exited(Some(EndReason::Timeout), ExitStatus::default(), Duration::ZERO, Duration::ZERO);
        assert_eq!(counts(), (0, 0, 1));
    }

    #[test]
    fn a_tree_that_exits_during_a_count_counts_once() {
        let registry = Arc::<Registry>::default();
        let registration = registry.register(Entry::new(1, Label::default(), None, EndRequest::default()));
        registration.set_started(100, 99);
        let [of] = registry
            .children(|pid| {
                assert_eq!(pid, 99, "from above all of it");
                registration.set_exited(None, ExitStatus::default(), Duration::ZERO, Duration::from_millis(7));
                usage(5)
            })
            .try_into()
            .expect("there is one server");
        assert_eq!((of.count, of.cpu_time.as_millis(), of.exits.len()), (0, 7, 1));
    }
}
