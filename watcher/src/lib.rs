//! The watcher: one small process beside each server on macOS, which ends the server's trees when the server dies.
//!
//! macOS hands orphans to no process and notifies no process of a parent's death, so a process has to outlive the
//! server and to find the orphans. This part chooses them from the process table alone. `macos` asks the system and
//! kills.

#[cfg(target_os = "macos")]
#[path = "../../src/process/identity/macos.rs"]
pub mod identity;
#[cfg(target_os = "macos")]
pub mod macos;
#[path = "../../src/process/tree/members.rs"]
pub mod members;
pub mod procargs;
pub mod protocol;
pub mod victims;

/// The start time of a process, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartMark(pub u64);

/// One process and its place among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The pid.
    pub pid: u32,
    /// The parent's pid. A recycled pid may stand here, so a parent must not have started after its child.
    pub parent: u32,
    /// The process group.
    pub group: Option<u32>,
    /// The session, which is unused here.
    pub session: Option<u32>,
    /// The start mark.
    pub start: StartMark,
}
