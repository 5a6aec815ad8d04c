//! The processes of this machine: how they hang together, and what each of them is.

pub mod environment;
#[cfg(target_os = "linux")]
mod linux;
mod node;
#[cfg(not(target_os = "linux"))]
mod portable;

#[cfg(target_os = "linux")]
pub use linux::{links, note_time, snapshot, tag_of};
pub use node::Kind;
#[cfg(not(target_os = "linux"))]
pub use portable::{links, note_time, snapshot, tag_of};

use super::identity::{StartMark, exists};
use environment::Environment;
use std::collections::HashSet;
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
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct ProcessInfo {
    /// Its place among the others.
    pub link: Link,
    /// For how long it has run.
    pub age: Duration,
    /// For how much of that the machine was awake, at least.
    pub awake: Duration,
    /// Whose it is, if that can be told; of one that is no [candidate](Self::is_candidate), whose it seems to be.
    pub user: Option<User>,
    /// This process may signal it.
    pub endable: bool,
    /// The program it runs, if that can be read.
    pub executable: Option<PathBuf>,
    /// What that program is.
    pub kind: Kind,
    /// The kernel's name of it, which it can change.
    pub title: String,
    /// Where the stack of its program is, if that is shown.
    pub image: Option<u64>,
    /// Its arguments, which it may have overwritten, if they were [wanted](CommandLines). Read only where the environment is.
    pub command_line: Vec<String>,
    /// What its environment said when it started. Read of this user's processes, and by root of all.
    pub environment: Environment,
    /// It is a Node.js process that has loaded procward itself.
    pub hosts_procward: bool,
    /// The PID namespace that it runs in, of a [candidate](Self::is_candidate).
    pub namespace: Namespace,
    /// It is a warden of this version of procward, by its program: a name can be anybody's.
    pub is_warden: bool,
    /// Its executable and its environment could both be read.
    pub identified: bool,
}

/// The PID namespace of a process, beside this process's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// The same, as far as is known.
    Own,
    /// One below it, such as a container's.
    Below,
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
    /// No process is hidden from us.
    pub complete: bool,
    /// Pids in tags that mean no running process: the servers with these are dead.
    pub gone: HashSet<u32>,
}

impl Snapshot {
    /// A snapshot of these processes; the system is asked for pids that their tags name and that could be hidden.
    fn of(processes: Vec<ProcessInfo>, zombies: &[u32], complete: bool) -> Self {
        let listed: HashSet<u32> = processes.iter().map(|process| process.link.pid).collect();
        let tags = processes.iter().filter_map(|process| process.environment.tag.as_ref());
        let missing: HashSet<u32> = tags.map(|tag| tag.instance.pid).filter(|pid| !listed.contains(pid)).collect();
        let is_gone = |pid: &u32| complete || zombies.contains(pid) || !exists(*pid);
        let gone = missing.into_iter().filter(is_gone).collect();
        Self { processes, complete, gone }
    }
}

impl ProcessInfo {
    /// Whether it can be judged by itself: a Node.js process, or what looks like one, or one that carries a tag.
    pub fn is_candidate(&self) -> bool {
        self.kind != Kind::Other || self.environment.tag.is_some()
    }

    /// The executable's file name; a process's own name, which may say anything, where the executable is hidden.
    pub fn name(&self) -> &str {
        let named = if self.title.is_empty() { "unknown" } else { &self.title };
        self.executable.as_deref().and_then(file_name).unwrap_or(named)
    }

    /// Whether it is a Node.js process.
    pub fn is_node(&self) -> bool {
        self.kind == Kind::Node
    }
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

#[cfg(test)]
mod tests;
