//! The processes of this machine: how they hang together, and what each of them is.

pub mod environment;
#[cfg(target_os = "linux")]
pub(in crate::process) mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
use linux as platform;
#[cfg(not(target_os = "linux"))]
use portable as platform;

pub use platform::{links, snapshot, tag_of};

use super::handle::Handle;
use super::identity::{StartMark, start_mark};
use environment::Environment;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One process and its place among the others: what can be read of every process, and cheaply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its pid.
    pub pid: u32,
    /// Its parent's pid. A recycled pid may stand here: a parent must not have started after its child.
    pub parent: u32,
    /// Its process group; Windows has none.
    pub group: Option<u32>,
    /// Its session.
    pub session: Option<u32>,
    /// When it started.
    pub start: StartMark,
}

/// One process and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Its place among the others.
    pub link: Link,
    /// For how long it has run.
    pub age: Duration,
    /// Whose it is, if that can be told; of one that is no [candidate](Self::is_candidate), whose it seems to be.
    pub user: Option<User>,
    /// The program it runs, if that can be read.
    pub executable: Option<PathBuf>,
    /// Its arguments, which it may have overwritten, if they were [wanted](CommandLines). Read of this user's processes only,
    /// like all below.
    pub command_line: Vec<String>,
    /// What its environment said when it started.
    pub environment: Environment,
    /// It is a Node.js process that has loaded procward itself.
    pub hosts_procward: bool,
    /// Its executable and its environment could both be read.
    pub identified: bool,
}

/// Who a process runs as, by the system's own name for it: a uid, or a SID on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User(pub String);

/// Whose command lines are wanted: each takes as long to read as it takes to tell who is a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandLines {
    /// Those of [candidates](ProcessInfo::is_candidate).
    OfCandidates,
    /// All.
    OfAll,
}

/// All processes at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// All but zombies.
    pub processes: Vec<ProcessInfo>,
    /// No process is hidden from us: only then does absence prove that one has ended.
    pub complete: bool,
}

impl ProcessInfo {
    /// Whether it can be judged by itself: a Node.js process, or one that carries a tag.
    pub fn is_candidate(&self) -> bool {
        self.is_node() || self.environment.tag.is_some()
    }

    /// The executable's file name; a process's own name and title may say anything.
    pub fn name(&self) -> &str {
        self.executable.as_deref().and_then(file_name).unwrap_or("unknown")
    }

    /// Whether it is a warden of procward, by the name that it was started with.
    pub fn is_warden(&self) -> bool {
        self.environment.tag.is_some() && self.command_line.first().is_some_and(|name| name == "procward-warden")
    }

    /// Whether it is a Node.js process.
    pub fn is_node(&self) -> bool {
        self.executable.as_deref().is_some_and(is_node)
    }
}

fn is_node(executable: &Path) -> bool {
    file_name(executable).is_some_and(|name| ["node", "nodejs", "node.exe"].contains(&name))
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

/// Takes hold of the process that had this pid and this start mark; `None` when it is gone.
///
/// # Errors
/// The system's error when the process may be there but cannot be held.
pub fn open_verified(pid: u32, start: StartMark) -> io::Result<Option<Handle>> {
    // Opened first and checked second: from here on the handle can mean no other process.
    let handle = match Handle::open(pid) {
        Ok(handle) => handle,
        Err(error) => return if is_gone(pid) { Ok(None) } else { Err(error) },
    };
    let same = start_mark(pid).is_ok_and(|mark| mark == start) && !handle.has_exited();
    Ok(same.then_some(handle))
}

fn is_gone(pid: u32) -> bool {
    start_mark(pid).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
