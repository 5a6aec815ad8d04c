//! The gate, and its state behind a lock.

use super::rules::strictest;
use crate::limit::controller::{Controller, LimitedBy, ProcessId, Rules};
use crate::limit::memory::Machine;
use crate::process::host_limit::Charges;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

/// The gate of this process.
pub struct Gate {
    pub(super) is_on: AtomicBool,
    pub(super) inner: Mutex<Inner>,
    /// The holders of idle processes, known also while the gate is off.
    pub(super) holders: Mutex<Vec<Weak<dyn IdleTrees>>>,
    /// Wakes the driver.
    pub(super) changed: Notify,
}

/// The state of the gate. It stays while the gate is off, with what was learnt.
pub(super) struct Inner {
    pub controller: Controller,
    pub begin: Instant,
    /// The rules by the number of their setter.
    pub rules: BTreeMap<u64, (Rules, OnChange)>,
    /// The charges of the processes that share their slots, by the number of the setter.
    pub shares: BTreeMap<u64, Arc<Mutex<Charges>>>,
    /// An event came after the last exchange of charges.
    pub is_undecided: bool,
    pub last_setter: u64,
    /// The setter whose driver reads.
    pub driver: u64,
    /// The setters with calls that wait for the limit.
    pub full: BTreeSet<u64>,
    pub waiters: HashMap<ProcessId, oneshot::Sender<()>>,
    pub running: HashMap<ProcessId, Running>,
    /// The servers of the reservations that no start has taken over, those that wait for their admission too.
    pub reserved: BTreeMap<ProcessId, String>,
    /// The limit and the cause that the setters were told last.
    pub told: (Option<usize>, Option<LimitedBy>),
    pub machine: Option<Machine>,
}

/// Called on any thread when the limit or its cause has changed.
pub(super) type OnChange = Arc<dyn Fn() + Send + Sync>;

/// A process that was admitted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Running {
    pub tree: u64,
    pub topmost_pid: Option<u32>,
    /// The process is being ended to make room.
    pub is_ending: bool,
    /// The system has killed the process for lack of memory.
    pub is_out_of_memory: bool,
}

impl Running {
    /// Stands for the tree of a process that no start has taken over yet.
    pub const NO_TREE: u64 = 0;

    pub fn new(tree: u64) -> Self {
        Self { tree, topmost_pid: None, is_ending: false, is_out_of_memory: false }
    }
}

/// A holder of idle processes, which may end to make room for others. Trees are meant by their numbers.
pub trait IdleTrees: Send + Sync {
    /// Returns the trees that are idle now, and since when.
    fn idle(self: Arc<Self>) -> Vec<(u64, std::time::Instant)>;

    /// Begins to end a tree, if it is still idle. Returns whether it was.
    fn evict(self: Arc<Self>, tree: u64) -> bool;
}

impl Gate {
    /// Returns whether starts may have to wait.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// Adds a holder of idle processes. It is forgotten when it is dropped.
    pub fn add_holder(&self, holder: Weak<dyn IdleTrees>) {
        let mut holders = self.holders.lock();
        holders.retain(|holder| holder.strong_count() > 0);
        holders.push(holder);
    }

    /// Reports an event to the controller, and starts the processes that it admits. While charges are shared the driver does
    /// that, because it knows those of the other processes.
    pub(super) fn change<T>(&self, event: impl FnOnce(&mut Inner, Duration) -> T) -> T {
        self.decide(|inner, now| {
            let result = event(inner, now);
            inner.is_undecided = !inner.shares.is_empty();
            if !inner.is_undecided {
                inner.admit_all(now);
            }
            result
        })
    }

    /// Lets an event decide, and tells the setters what has changed.
    pub(super) fn decide<T>(&self, event: impl FnOnce(&mut Inner, Duration) -> T) -> T {
        let mut inner = self.inner.lock();
        let now = inner.begin.elapsed();
        let result = event(&mut inner, now);
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
            shares: BTreeMap::new(),
            is_undecided: false,
            last_setter: 0,
            driver: 0,
            full: BTreeSet::new(),
            waiters: HashMap::new(),
            running: HashMap::new(),
            reserved: BTreeMap::new(),
            told: (None, None),
            machine: None,
        }
    }
}

impl Inner {
    /// Gives the controller the strictest of all rules. Without any, nothing is limited.
    pub fn adopt_rules(&mut self) {
        let all = self.rules.values().map(|(rules, _)| *rules);
        let rules = all.reduce(|one, other| strictest(one, other, self.machine));
        self.controller.set_rules(rules.unwrap_or_default());
        self.controller.set_full(!self.full.is_empty());
    }

    pub fn admit_all(&mut self, now: Duration) {
        while let Some(process) = self.controller.admit(now) {
            if self.reserved.contains_key(&process) {
                self.controller.set_reserved(process);
            }
            if let Some(waiter) = self.waiters.remove(&process) {
                // A waiter that has just left gives the admission up.
                let _ = waiter.send(());
            }
        }
    }

    /// Takes over the earliest admitted process of a server that waits for its start.
    pub fn take_reserved(&mut self, server: &str, now: Duration) -> Option<ProcessId> {
        let is_free = |(process, of): &(&ProcessId, &String)| *of == server && !self.waiters.contains_key(process);
        let process = *self.reserved.iter().find(is_free)?.0;
        self.reserved.remove(&process);
        self.controller.begin(process, now);
        Some(process)
    }

    pub fn limited_by(&self) -> Option<LimitedBy> {
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
