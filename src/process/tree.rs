//! A tree of processes: the one that was started, and whatever it starts.

#[cfg(unix)]
mod group;
#[cfg(unix)]
mod members;
#[cfg(unix)]
mod plain;
#[cfg(unix)]
#[path = "tree/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "tree/windows/mod.rs"]
mod platform;
#[cfg(unix)]
mod reap;
#[cfg(unix)]
mod table_tree;
#[cfg(target_os = "linux")]
mod warden;
#[cfg(target_os = "macos")]
mod watcher;

pub use platform::{Root, start};
#[cfg(target_os = "linux")]
pub use warden::able as warden_able;

#[cfg(unix)]
use crate::process::identity::StartMark;
#[cfg(unix)]
use crate::process::table::Link;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
#[cfg(windows)]
pub use tokio::net::windows::named_pipe::{
    NamedPipeServer as ChildStderr, NamedPipeServer as ChildStdin, NamedPipeServer as ChildStdout,
};
#[cfg(unix)]
pub use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// What to start.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The command as it was asked for; the child sees it as its own name.
    pub command: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its working directory; the server's where there is none.
    pub directory: Option<PathBuf>,
    /// Its whole environment, without the tag.
    pub environment: Vec<(OsString, OsString)>,
    /// The number that names the tree within this server.
    pub number: u64,
    /// What the root leaves behind when it exits may stay.
    pub detached: bool,
    /// Where there are wardens: whether the tree gets one.
    pub guarded: bool,
}

impl Spec {
    /// Where a bare command name is looked for.
    fn search_path(&self) -> Option<&OsString> {
        let is_path = |name: &OsString| if cfg!(windows) { name.eq_ignore_ascii_case("PATH") } else { name == "PATH" };
        // Windows may have it in two spellings, of which the child gets the last.
        self.environment.iter().rfind(|(name, _)| is_path(name)).map(|(_, value)| value)
    }
}

/// A tree that was just started: its root and the root's pipes.
#[derive(Debug)]
pub struct Started {
    /// Waits for the tree and ends it.
    pub root: Root,
    /// The root's standard input.
    pub stdin: ChildStdin,
    /// The root's standard output.
    pub stdout: ChildStdout,
    /// The root's standard error.
    pub stderr: ChildStderr,
}

/// How the root ended: a code, or on Unix the number of the signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Exit {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl Exit {
    /// By SIGKILL, or, as shells and npm tell it, because what it stood for was.
    pub fn is_by_kill(self) -> bool {
        const SIGKILL: i32 = 9;
        self.signal == Some(SIGKILL) || self.code == Some(128 + SIGKILL)
    }
}

/// Writes what there is room for at once, on whatever thread.
///
/// # Errors
/// The system's; `WouldBlock` where there is no room.
pub fn try_write(stdin: &ChildStdin, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return Ok(rustix::io::write(stdin, bytes)?);
    #[cfg(windows)]
    stdin.try_write(bytes)
}

/// Reads what there is, on whatever thread, without waiting for more.
///
/// # Errors
/// The system's; `WouldBlock` where there is nothing yet.
#[cfg(unix)]
pub fn try_read(stdout: impl std::os::fd::AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(stdout, bytes)?)
}

/// Reads what there is, on whatever thread, without waiting for more.
///
/// # Errors
/// The system's; `WouldBlock` where there is nothing yet.
#[cfg(windows)]
pub fn try_read(stdout: &ChildStdout, bytes: &mut [u8]) -> io::Result<usize> {
    stdout.try_read(bytes)
}
