//! Children of Node.js's `child_process`: the numbers of starts by guard, and the reasons for which Node.js itself
//! started some.

use crate::code::coded_enum;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

coded_enum! {
    /// The guard of a child.
    pub enum ChildGuard {
        /// It started below a warden.
        Guarded = "guarded",
        /// Node.js started it, and procward took it over.
        Adopted = "adopted",
        /// It has none.
        Unguarded = "unguarded",
    }
}

coded_enum! {
    /// The reason for which Node.js itself started a child.
    pub enum ChildFallback {
        /// The command could not start below a warden, but did without one.
        Errno = "errno",
        /// An unexpected error of procward.
        Error = "error",
        /// Node.js's permission model must judge the start.
        Permission = "permission",
        /// No wardens on this platform.
        Platform = "platform",
        /// A descriptor that only Node.js can hand over.
        Stdio = "stdio",
        /// This version of Node.js starts its children in an unknown way.
        Version = "version",
        /// No warden works here or in time, or wardens are off.
        Warden = "warden",
    }
}

/// The starts that wait for a limit.
static WAITING: AtomicU64 = AtomicU64::new(0);

/// Counts a start that waits, until it is dropped.
#[derive(Debug)]
pub struct WaitingStart(());

impl WaitingStart {
    /// Counts a start.
    #[must_use]
    pub fn count() -> Self {
        WAITING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for WaitingStart {
    fn drop(&mut self) {
        WAITING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The counts since the start of this process.
#[derive(Debug, Default)]
pub struct ChildProcesses {
    guards: [u64; ChildGuard::ALL.len()],
    fallbacks: [u64; ChildFallback::ALL.len()],
    released: u64,
}

/// The counts at one instant.
#[derive(Debug, Serialize)]
pub struct ChildProcessesNow {
    #[serde(flatten)]
    guards: BTreeMap<ChildGuard, u64>,
    released: u64,
    waiting: u64,
    fallbacks: BTreeMap<ChildFallback, u64>,
}

impl ChildProcesses {
    /// Counts a child that has started.
    pub fn started(&mut self, guard: ChildGuard, fallback: Option<ChildFallback>) {
        self.guards[guard as usize] += 1;
        if let Some(fallback) = fallback {
            self.fallbacks[fallback as usize] += 1;
        }
    }

    /// Counts a detached child that may outlive this process from now on.
    pub fn released(&mut self) {
        self.released += 1;
    }

    /// Returns the counts.
    pub fn now(&self) -> ChildProcessesNow {
        let by = |one: ChildGuard| (one, self.guards[one as usize]);
        let because = |one: ChildFallback| (one, self.fallbacks[one as usize]);
        ChildProcessesNow {
            guards: ChildGuard::ALL.into_iter().map(by).collect(),
            released: self.released,
            waiting: WAITING.load(Ordering::Relaxed),
            fallbacks: ChildFallback::ALL.into_iter().map(because).collect(),
        }
    }
}
