//! The state of the tree, and what is done about it.

use crate::cgroup;
use crate::descendants;
use crate::kernel::now;
use crate::protocol::Report;
use core::ffi::CStr;
use core::time::Duration;
use rustix::fd::OwnedFd;
use rustix::io::{self, Errno};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, pidfd_open, pidfd_send_signal, wait};

/// Signals that are about this process itself.
const OWN_AFFAIRS: [Signal; 4] = [Signal::CHILD, Signal::PIPE, Signal::TTIN, Signal::TTOU];
/// How long killed processes may take before the next look for what they left.
const KILL_AGAIN: Duration = Duration::from_millis(5);

/// One command and everything that it started.
pub struct Tree {
    /// The command, until it has been waited for.
    root: Option<Pid>,
    root_handle: OwnedFd,
    cgroup: Option<&'static CStr>,
    gone: bool,
    /// From when on everything is killed, by [`now`].
    kill_at: Option<Duration>,
}

impl Tree {
    /// A tree that has just been started.
    pub fn new(root: Pid, cgroup: Option<&'static CStr>) -> io::Result<Self> {
        let root_handle = pidfd_open(root, PidfdFlags::empty())?;
        Ok(Self { root: Some(root), root_handle, cgroup, gone: false, kill_at: None })
    }

    /// Passes a signal that was meant for the command on to it.
    pub fn forward(&self, number: u32) {
        let signal = i32::try_from(number).ok().and_then(Signal::from_named_raw);
        if let Some(signal) = signal.filter(|signal| !OWN_AFFAIRS.contains(signal)) {
            let _ = pidfd_send_signal(&self.root_handle, signal);
        }
    }

    /// Waits for whoever has exited; tells how the command did, once.
    pub fn reap(&mut self) -> Option<Report> {
        let mut report = None;
        loop {
            let (pid, status) = match wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => ended,
                Ok(None) => return report,
                Err(Errno::INTR) => continue,
                Err(_) => {
                    self.gone = true;
                    if let Some(folder) = self.cgroup {
                        cgroup::remove(folder);
                    }
                    return report;
                }
            };
            if self.root == Some(pid) {
                self.root = None;
                let by_signal = status.terminating_signal().map(Report::Signaled);
                report = by_signal.or(status.exit_status().map(Report::Exited));
            }
        }
    }

    /// Whether nobody is left.
    pub fn is_gone(&self) -> bool {
        self.gone
    }

    /// Whether its end was ordered.
    pub fn is_ending(&self) -> bool {
        self.kill_at.is_some()
    }

    /// Whether whoever is left is killed at sight.
    pub fn is_killed(&self) -> bool {
        self.kill_at.is_some_and(|at| at <= now())
    }

    /// Asks all to end, and sees to it after `grace`; a later order can only make it sooner.
    pub fn end(&mut self, grace: Duration) {
        let kill_at = now() + grace;
        if self.kill_at.is_none() && !grace.is_zero() {
            self.signal_all(Signal::TERM);
        }
        self.kill_at = Some(self.kill_at.map_or(kill_at, |before| before.min(kill_at)));
    }

    /// Kills what has had its time, and tells when to look again.
    pub fn pursue(&self) -> Option<Duration> {
        let wait = self.kill_at?.saturating_sub(now());
        if !wait.is_zero() {
            return Some(wait);
        }
        if let Some(folder) = self.cgroup {
            cgroup::kill(folder);
        }
        // Also whoever has left the group.
        self.signal_all(Signal::KILL);
        Some(KILL_AGAIN)
    }

    fn signal_all(&self, signal: Signal) {
        // Without a readable /proc nobody is found, and the command at least is known.
        if !descendants::signal_all(signal) {
            let _ = pidfd_send_signal(&self.root_handle, signal);
        }
    }
}
