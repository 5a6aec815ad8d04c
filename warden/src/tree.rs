//! The state of the tree, and the steps that end it.

use crate::arguments::{Arguments, Group};
use crate::cgroup;
use crate::children::{self, Search};
use crate::descendants;
use crate::kernel::now;
use crate::protocol::Report;
use core::ffi::CStr;
use core::time::Duration;
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitOptions, wait};

/// Signals that concern the warden itself.
const OWN_AFFAIRS: [Signal; 4] = [Signal::CHILD, Signal::PIPE, Signal::TTIN, Signal::TTOU];
/// The time that killed processes may take before the next look for their children.
const KILL_AGAIN: Duration = Duration::from_millis(5);
/// The same, where look after look has changed nothing.
const KILL_SELDOM: Duration = Duration::from_secs(1);
/// The same, where each look takes most of a second.
const SEARCH_AGAIN: Duration = Duration::from_secs(30);

/// One command and all its descendants.
pub struct Tree {
    /// The command, until it is reaped.
    root: Option<Pid>,
    has_proc: bool,
    /// The command's process group has no process of another tree.
    has_own_group: bool,
    cgroup: Option<&'static CStr>,
    /// The signal that a termination begins with.
    first_signal: Signal,
    has_exited: bool,
    /// The time from which every process is killed, by [`now`].
    kill_at: Option<Duration>,
    /// The time between two looks.
    pause: Duration,
    /// The time of the next look, by [`now`], unless a child exits earlier.
    look_at: Duration,
    /// The place where children are searched if `/proc` shows none.
    search: Search,
}

impl Tree {
    /// Makes a tree that was just started.
    pub fn new(root: Pid, Arguments { has_proc, cgroup, group, .. }: Arguments) -> Self {
        let search = Search::first(has_proc);
        Self {
            root: Some(root),
            has_proc,
            has_own_group: !matches!(group, Group::Shared(_)),
            cgroup,
            first_signal: Signal::TERM,
            has_exited: false,
            kill_at: None,
            pause: KILL_AGAIN,
            look_at: Duration::ZERO,
            search,
        }
    }

    /// Passes a signal on to the command, unless the signal concerns the warden itself.
    pub fn forward(&self, number: i32) {
        if OWN_AFFAIRS.iter().all(|own| own.as_raw() != number) {
            self.signal(number);
        }
    }

    /// Sends a signal to the command, if the command still runs.
    pub fn signal(&self, number: i32) {
        if let (Some(root), Some(signal)) = (self.root, Signal::from_named_raw(number)) {
            children::signal_child(root, signal);
        }
    }

    /// Sets the signal that a termination begins with.
    pub fn begin_with(&mut self, number: i32) {
        self.first_signal = Signal::from_named_raw(number).unwrap_or(self.first_signal);
    }

    /// Reaps all exited children. Returns the report of the command's exit, once.
    pub fn reap(&mut self) -> Option<Report> {
        let mut report = None;
        loop {
            let (pid, status) = match wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => ended,
                Ok(None) => return report,
                Err(Errno::INTR) => continue,
                Err(_) => {
                    self.has_exited = true;
                    if let Some(folder) = self.cgroup {
                        cgroup::remove(folder);
                    }
                    return report;
                }
            };
            // The children of a reaped process are children of this process now.
            (self.pause, self.look_at, self.search) = (KILL_AGAIN, Duration::ZERO, Search::first(self.has_proc));
            if self.root == Some(pid) {
                self.root = None;
                let by_signal = status.terminating_signal().map(Report::Signaled);
                report = by_signal.or(status.exit_status().map(Report::Exited));
            }
        }
    }

    /// Returns whether the command has exited.
    pub fn has_root_exited(&self) -> bool {
        self.root.is_none()
    }

    /// Returns whether every process has exited.
    pub fn has_exited(&self) -> bool {
        self.has_exited
    }

    /// Returns whether termination was ordered.
    pub fn is_terminating(&self) -> bool {
        self.kill_at.is_some()
    }

    /// Returns whether every process is killed at sight.
    pub fn is_killed(&self) -> bool {
        self.kill_at.is_some_and(|at| at <= now())
    }

    /// Sends SIGTERM or the signal of [`Self::begin_with`], and kills after `grace`. A later order can only shorten the grace.
    pub fn terminate(&mut self, grace: Duration) {
        let kill_at = now() + grace;
        if self.kill_at.is_none() && !grace.is_zero() {
            self.signal_all(self.first_signal);
        }
        self.kill_at = Some(self.kill_at.map_or(kill_at, |before| before.min(kill_at)));
    }

    /// Kills the processes after their grace. Returns the time until the next look.
    pub fn kill_if_due(&mut self) -> Option<Duration> {
        let wait = self.kill_at?.max(self.look_at).saturating_sub(now());
        if !wait.is_zero() {
            return Some(wait);
        }
        if let Some(folder) = self.cgroup {
            cgroup::kill(folder);
        }
        // Signals also reach processes that have left the group.
        if !self.signal_all(Signal::KILL) {
            // Children remain, or this process would have exited.
            self.search = self.search.next();
        }
        let pause = self.pause;
        self.pause = (pause * 2).min(if self.search == Search::All { SEARCH_AGAIN } else { KILL_SELDOM });
        self.look_at = now() + pause;
        Some(pause)
    }

    fn signal_all(&mut self, signal: Signal) -> bool {
        if self.has_proc && descendants::signal_all(signal) {
            return true;
        }
        if let Some(root) = self.root.filter(|_| self.has_own_group) {
            children::signal_group_of(root, signal);
        }
        children::signal_all(signal, self.search)
    }
}
