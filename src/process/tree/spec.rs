//! The command that a tree is started with.

use super::streams::Streams;
use std::ffi::OsString;
#[cfg(unix)]
use std::os::fd::OwnedFd;
use std::path::PathBuf;
#[cfg(unix)]
use std::sync::Arc;

/// The command, and its surroundings.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct Spec {
    /// The command as the caller wrote it. The child sees it as its own name.
    pub command: OsString,
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// The working directory, or `None` for the server's.
    pub directory: Option<PathBuf>,
    /// The rare choices of the caller.
    pub choices: Choices,
    /// The whole environment without the tag.
    pub environment: Vec<(OsString, OsString)>,
    /// The number that names the tree within this server.
    pub number: u64,
    /// The processes that the root leaves behind at its exit may stay.
    pub detached: bool,
    /// The tree gets a warden or a watcher, where the system has one.
    pub guarded: bool,
    /// The kernel kills the tree before the server when memory is out, where that can be said.
    pub killed_first: bool,
    /// Windows: the arguments are parts of a command line, not to be quoted.
    pub verbatim: bool,
    /// The command's ends of pipes that the caller has made for its outputs.
    pub outputs: Outputs,
}

/// The command's ends of the pipes for its outputs. The start makes a pipe where there is none, on Windows always.
#[derive(Debug, Clone, Default)]
pub struct Outputs {
    /// For the standard output.
    #[cfg(unix)]
    pub stdout: Option<Arc<OwnedFd>>,
    /// For the standard error.
    #[cfg(unix)]
    pub stderr: Option<Arc<OwnedFd>>,
}

/// The rare choices for a command.
#[derive(Debug, Clone, Default)]
pub struct Choices {
    /// The name that it sees as its own, if not the command.
    pub name: Option<OsString>,
    /// Its standard streams.
    pub streams: Streams,
    /// The number of the first signal of a termination, if not SIGTERM. Windows has no such signal.
    pub first_signal: Option<i32>,
}

/// The place of a command beside the server's own processes.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Default)]
pub struct Placement {
    /// Its process group.
    pub group: ProcessGroup,
    /// The user that it runs as, if not the server's.
    pub user: Option<u32>,
    /// The group that it runs as, if not the server's.
    pub group_id: Option<u32>,
}

/// The process group of a command.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ProcessGroup {
    /// A new one.
    #[default]
    Own,
    /// A new one, in a new session.
    Session,
    /// The server's, so that a terminal's signals reach both.
    Shared,
}

impl Spec {
    /// Returns the search path for a bare command name.
    pub(super) fn search_path(&self) -> Option<&OsString> {
        let is_path = |name: &OsString| if cfg!(windows) { name.eq_ignore_ascii_case("PATH") } else { name == "PATH" };
        // Windows may have the variable in two spellings. The child gets the last.
        self.environment.iter().rfind(|(name, _)| is_path(name)).map(|(_, value)| value)
    }
}
