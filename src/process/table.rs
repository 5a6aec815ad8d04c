//! The processes of this machine: their parents, groups and sessions, and facts about each.

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

/// One process and its place among the others. These facts can be read of every process at little cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The pid.
    pub pid: u32,
    /// The parent's pid. A recycled pid may stand here, so a parent must not have started after its child.
    pub parent: u32,
    /// The process group. `None` on Windows.
    pub group: Option<u32>,
    /// The session.
    pub session: Option<u32>,
    /// The start mark.
    pub start: StartMark,
}

/// One process and the facts about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub struct ProcessInfo {
    /// The place among the other processes.
    pub link: Link,
    /// The time since the start.
    pub age: Duration,
    /// The part of `age` in which the machine was awake, at least.
    pub awake: Duration,
    /// The owner, if known. For a process that is no [candidate](Self::is_candidate), only the apparent owner.
    pub user: Option<User>,
    /// This process may signal the process.
    pub endable: bool,
    /// The executable, if it can be read.
    pub executable: Option<PathBuf>,
    /// The kind of program.
    pub kind: Kind,
    /// The kernel's name of the process, which the process can change.
    pub title: String,
    /// The address of the program's stack, if the system shows it.
    pub image: Option<u64>,
    /// The arguments, if they were [wanted](CommandLines) and the environment can be read. The process may have
    /// overwritten them.
    pub command_line: Vec<String>,
    /// The environment at the start. Read for this user's processes; root reads all.
    pub environment: Environment,
    /// The process is Node.js and has loaded procward.
    pub hosts_procward: bool,
    /// The PID namespace of a [candidate](Self::is_candidate).
    pub namespace: Namespace,
    /// The process runs the warden of this version of procward. The program is compared, because any process can take
    /// the name.
    pub is_warden: bool,
    /// The executable and the environment could both be read.
    pub identified: bool,
}

/// The PID namespace of a process, beside this process's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namespace {
    /// The same, as far as is known.
    Own,
    /// A namespace below this process's own, such as a container's.
    Below,
}

/// A user by the system's own name: a uid, or a SID on Windows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct User(pub String);

/// The command lines to read. Reading one takes as long as finding out whether its process is a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandLines {
    /// Read the command lines of [candidates](ProcessInfo::is_candidate).
    OfCandidates,
    /// Read all command lines.
    OfAll,
}

/// All processes at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// All processes except zombies.
    pub processes: Vec<ProcessInfo>,
    /// No process is hidden from this one.
    pub complete: bool,
    /// Pids in tags that no running process has. Servers with these pids are dead.
    pub gone: HashSet<u32>,
}

impl Snapshot {
    /// Makes a snapshot. Asks the system about pids that tags name and that may be hidden.
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
    /// Returns whether the process can be judged by itself: it is Node.js, looks like Node.js, or carries a tag.
    pub fn is_candidate(&self) -> bool {
        self.kind != Kind::Other || self.environment.tag.is_some()
    }

    /// Returns the executable's file name, or the process's own name where the executable is hidden.
    pub fn name(&self) -> &str {
        let named = if self.title.is_empty() { "unknown" } else { &self.title };
        self.executable.as_deref().and_then(file_name).unwrap_or(named)
    }

    /// Returns whether the process is Node.js.
    pub fn is_node(&self) -> bool {
        self.kind == Kind::Node
    }
}

fn file_name(path: &Path) -> Option<&str> {
    path.file_name()?.to_str()
}

#[cfg(test)]
mod tests;
