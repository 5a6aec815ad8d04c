//! The watcher: one small process beside each server on macOS, which ends the server's trees when the server dies.
//!
//! macOS hands orphans to nobody and tells nobody of a parent's death, so somebody has to outlive the server and to look for
//! what is left. This part decides who that is, from the process table alone; what asks the system and kills is `macos`.

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

/// When a process started, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartMark(pub u64);

/// One process and its place among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Its pid.
    pub pid: u32,
    /// Its parent's pid. A recycled pid may stand here: a parent must not have started after its child.
    pub parent: u32,
    /// Its process group.
    pub group: Option<u32>,
    /// Its session, which nobody asks for here.
    pub session: Option<u32>,
    /// When it started.
    pub start: StartMark,
}
