//! The gate that every process tree passes before its start, if the starts follow the machine's memory or processors.
//!
//! The gate is off unless rules turn it on; off it costs one load of an atomic. `limit::controller` decides, the gate gives
//! it the readings and the time, and `driver` is the one task that reads.

mod driver;
mod pending;
mod rules;
#[cfg(test)]
mod tests;

pub use crate::limit::controller::{Learnt, LimitedBy, Reading, Rules};
pub use crate::limit::memory::{self, Amount, Machine};
pub use crate::limit::processor::{self, Change, Pressure, Reason};
pub use pending::PendingStarts;

use crate::limit::controller::{Controller, Ended, ProcessId};
use driver::Sensor;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// A holder of idle processes, which may end to make room for others. Trees are meant by their numbers.
pub trait IdleTrees: Send + Sync {
    /// Returns the trees that are idle now, and since when.
    fn idle(self: Arc<Self>) -> Vec<(u64, std::time::Instant)>;

    /// Begins to end a tree, if it is still idle. Returns whether it was.
    fn evict(self: Arc<Self>, tree: u64) -> bool;
}

/// The gate of this process.
pub struct Gate {
    is_on: AtomicBool,
    inner: Mutex<Inner>,
    /// The holders of idle processes, known also while the gate is off.
    holders: Mutex<Vec<Weak<dyn IdleTrees>>>,
    /// Wakes the driver.
    changed: Notify,
}

/// The state of the gate. It stays while the gate is off, with what was learnt.
struct Inner {
    controller: Controller,
    begin: Instant,
    /// The rules by the number of their setter.
    rules: BTreeMap<u64, (Rules, OnChange)>,
    last_setter: u64,
    /// The setter whose driver reads.
    driver: u64,
    /// The setters with calls that wait for the limit.
    full: BTreeSet<u64>,
    waiters: HashMap<ProcessId, oneshot::Sender<()>>,
    running: HashMap<ProcessId, Running>,
    /// The limit and the cause that the setters were told last.
    told: (Option<usize>, Option<LimitedBy>),
    machine: Option<Machine>,
}

/// Called on any thread when the limit or its cause has changed.
type OnChange = Arc<dyn Fn() + Send + Sync>;

/// A process that was admitted.
#[derive(Debug, Clone, Copy)]
struct Running {
    tree: u64,
    topmost_pid: Option<u32>,
    /// The process is being ended to make room.
    is_ending: bool,
    /// The system has killed the process for lack of memory.
    is_out_of_memory: bool,
}

/// The state for a status page.
#[derive(Debug, Clone, PartialEq)]
pub struct Status {
    /// The limit of the processor brake, if there is one.
    pub limit: Option<usize>,
    /// The cause for which starts or calls wait.
    pub limited_by: Option<LimitedBy>,
    /// The reason for the latest change of the limit.
    pub reason: Option<Reason>,
    /// The processes that were admitted and have not exited.
    pub running: usize,
    /// The starts that wait.
    pub waiting: usize,
    /// The memory that these processes have of their own, in bytes.
    pub used: u64,
    /// The memory that stays free, in bytes, once it is known.
    pub reserve: Option<f64>,
    /// The memory as it was read last.
    pub machine: Option<Machine>,
}

/// The right to run one process tree, until this is dropped.
#[derive(Debug)]
pub struct Admission {
    tree: u64,
    admitted: Option<Admitted>,
}

#[derive(Debug)]
struct Admitted {
    gate: Arc<Gate>,
    process: ProcessId,
}

/// Rules that are in force until this is dropped.
#[derive(Debug)]
pub struct InForce {
    gate: Arc<Gate>,
    number: u64,
}

impl Gate {
    /// Returns whether starts may have to wait.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// Puts rules in force beside those of others: of each rule the strictest counts. `on_change` is called when the limit
    /// or the cause of waiting has changed.
    pub fn enforce(
        self: &Arc<Self>,
        rules: Rules,
        runtime: &Handle,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> InForce {
        self.enforce_with(rules, runtime, driver::system(), on_change)
    }

    fn enforce_with(
        self: &Arc<Self>,
        rules: Rules,
        runtime: &Handle,
        sensor: Sensor,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> InForce {
        let (number, is_first) = self.change(|inner, _| {
            let is_first = inner.rules.is_empty();
            inner.last_setter += 1;
            inner.rules.insert(inner.last_setter, (rules, Arc::new(on_change)));
            inner.adopt_rules();
            if is_first {
                inner.driver = inner.last_setter;
            }
            self.is_on.store(true, Ordering::Release);
            (inner.last_setter, is_first)
        });
        if is_first {
            runtime.spawn(driver::run(Arc::clone(self), number, sensor));
        }
        InForce { gate: Arc::clone(self), number }
    }

    /// Adds a holder of idle processes. It is forgotten when it is dropped.
    pub fn add_holder(&self, holder: Weak<dyn IdleTrees>) {
        let mut holders = self.holders.lock();
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(holder);
    }

    /// Waits until a process of this server may start, as the tree with this number. Dropping the future leaves the queue.
    pub async fn admit(self: &Arc<Self>, server: &str, tree: u64) -> Admission {
        if !self.is_on() {
            return Admission::free(tree);
        }
        let (sender, admitted) = oneshot::channel();
        let process = self.change(|inner, _| {
            let process = inner.controller.request(server);
            inner.waiters.insert(process, sender);
            inner
                .running
                .insert(process, Running { tree, topmost_pid: None, is_ending: false, is_out_of_memory: false });
            process
        });
        // Dropped with this future, it takes the request back or gives the admission up.
        let admission = Admission { tree, admitted: Some(Admitted { gate: Arc::clone(self), process }) };
        let _ = admitted.await;
        admission
    }

    /// Returns the state, if the gate is on.
    pub fn status(&self) -> Option<Status> {
        let inner = self.inner.lock();
        self.is_on().then(|| Status {
            limit: inner.controller.limit(),
            limited_by: inner.limited_by(),
            reason: inner.controller.changes().last().map(|change| change.reason),
            running: inner.controller.running(),
            waiting: inner.controller.waiting(),
            used: inner.controller.used(),
            reserve: inner.controller.reserve(inner.begin.elapsed()),
            machine: inner.machine,
        })
    }

    /// Returns the memory that was learnt about each server.
    pub fn learnt(&self) -> Vec<Learnt> {
        self.inner.lock().controller.learnt()
    }

    /// Reports an event to the controller, and starts the processes that it admits.
    fn change<T>(&self, event: impl FnOnce(&mut Inner, Duration) -> T) -> T {
        let mut inner = self.inner.lock();
        let now = inner.begin.elapsed();
        let result = event(&mut inner, now);
        inner.admit_all(now);
        let told = inner.news();
        drop(inner);
        for tell in told {
            tell();
        }
        self.changed.notify_one();
        result
    }
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            controller: Controller::new(Rules::default()),
            begin: Instant::now(),
            rules: BTreeMap::new(),
            last_setter: 0,
            driver: 0,
            full: BTreeSet::new(),
            waiters: HashMap::new(),
            running: HashMap::new(),
            told: (None, None),
            machine: None,
        }
    }
}

impl Inner {
    /// Gives the controller the strictest of all rules. Without any, nothing is limited.
    fn adopt_rules(&mut self) {
        let all = self.rules.values().map(|(rules, _)| *rules);
        let rules = all.reduce(|one, other| rules::strictest(one, other, self.machine));
        self.controller.set_rules(rules.unwrap_or_default());
        self.controller.set_full(!self.full.is_empty());
    }

    fn admit_all(&mut self, now: Duration) {
        while let Some(process) = self.controller.admit(now) {
            if let Some(waiter) = self.waiters.remove(&process) {
                // A waiter that has just left gives the admission up.
                let _ = waiter.send(());
            }
        }
    }

    fn limited_by(&self) -> Option<LimitedBy> {
        // Calls to running sessions wait for the limit alone.
        let of_calls = || {
            let is_full = !self.full.is_empty() && self.controller.limit().is_some();
            is_full.then(|| if self.controller.is_at_most() { LimitedBy::Slots } else { LimitedBy::Cpu })
        };
        self.controller.limited_by().or_else(of_calls)
    }

    /// Returns the functions to call, if the limit or its cause has changed.
    fn news(&mut self) -> Vec<OnChange> {
        let now = (self.controller.limit(), self.limited_by());
        if std::mem::replace(&mut self.told, now) == now {
            return Vec::new();
        }
        self.rules.values().map(|(_, tell)| Arc::clone(tell)).collect()
    }
}

impl Admission {
    /// Makes an admission that no gate counts.
    pub fn free(tree: u64) -> Self {
        Self { tree, admitted: None }
    }

    /// Returns the number of the tree.
    pub fn tree(&self) -> u64 {
        self.tree
    }

    /// Returns whether a gate counts the tree.
    pub fn is_counted(&self) -> bool {
        self.admitted.is_some()
    }

    /// Notes that the tree runs below this pid.
    pub fn set_started(&self, topmost_pid: u32) {
        self.note(|running| running.topmost_pid = Some(topmost_pid));
    }

    /// Notes that the system has killed the tree for lack of memory.
    pub fn set_out_of_memory(&self) {
        self.note(|running| running.is_out_of_memory = true);
    }

    fn note(&self, event: impl FnOnce(&mut Running)) {
        if let Some(Admitted { gate, process }) = &self.admitted {
            gate.change(|inner, _| inner.running.get_mut(process).map(event));
        }
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let process = self.process;
        self.gate.change(|inner, now| {
            inner.waiters.remove(&process);
            match inner.running.remove(&process) {
                Some(Running { topmost_pid: Some(_), is_out_of_memory: out_of_memory, .. }) => {
                    inner.controller.ended(process, Ended { peak: None, out_of_memory }, now);
                }
                _ if inner.controller.cancel(process) => {}
                _ => inner.controller.start_failed(process),
            }
        });
    }
}

impl InForce {
    /// Notes whether calls wait because as many as the limit allows are in flight.
    pub fn set_full(&self, is_full: bool) {
        self.gate.change(|inner, _| {
            if is_full {
                inner.full.insert(self.number)
            } else {
                inner.full.remove(&self.number)
            };
            inner.controller.set_full(!inner.full.is_empty());
        });
    }
}

impl Drop for InForce {
    fn drop(&mut self) {
        self.gate.change(|inner, _| {
            inner.rules.remove(&self.number);
            inner.full.remove(&self.number);
            inner.adopt_rules();
            self.gate.is_on.store(!inner.rules.is_empty(), Ordering::Release);
        });
    }
}

impl Default for Gate {
    fn default() -> Self {
        let inner = Mutex::new(Inner::default());
        Self { is_on: AtomicBool::new(false), inner, holders: Mutex::default(), changed: Notify::new() }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Gate").field("is_on", &self.is_on).finish_non_exhaustive()
    }
}
