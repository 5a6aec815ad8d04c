//! Unix: a tree below a warden, or a process group without one. On macOS the process group has a watcher.

use super::exit_status::ExitStatus;
use super::process_group;
use super::signaller::Signaller;
#[cfg(target_os = "linux")]
use super::spec::Placement;
use super::spec::Spec;
use super::started::Started;
#[cfg(target_os = "linux")]
use super::warden::{self, Orders, Refusal};
#[cfg(target_os = "macos")]
use super::watcher::{self, Watched};
#[cfg(target_os = "linux")]
use crate::blocking::blocking;
#[cfg(target_os = "macos")]
use crate::process::identity::start_mark;
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::BorrowedFd;
use std::time::Duration;

/// The root of a tree.
#[derive(Debug)]
pub enum Root {
    /// The warden kills the tree when the server dies.
    #[cfg(target_os = "linux")]
    Guarded(warden::Root),
    /// The watcher kills the members that it finds when the server dies.
    #[cfg(target_os = "macos")]
    Watched(process_group::Root, Watched),
    /// Only the living server terminates the tree.
    Plain(process_group::Root),
}

/// Starts the tree.
///
/// # Errors
/// The system's error. No process was started, or it has exited again.
pub async fn start(spec: &Spec) -> io::Result<Started<Root>> {
    #[cfg(target_os = "linux")]
    if spec.guarded && !warden::is_known_unable() {
        match warden::start(spec).await {
            Ok(started) => return Ok(started.map(Root::Guarded)),
            Err(Refusal::Command(error)) => return Err(error),
            Err(Refusal::Warden(error)) => {
                // Where wardens cannot work, the tree is held as well as possible without one.
                if blocking(warden::able).await?.is_ok() {
                    return Err(error);
                }
            }
        }
    }
    #[cfg(target_os = "macos")]
    if spec.guarded {
        watcher::ensure()?;
        return Ok(process_group::start(spec)?.map(watched));
    }
    Ok(process_group::start(spec)?.map(Root::Plain))
}

/// Starts the tree below a warden while the caller waits, at most 200 ms, with the caller's descriptors.
///
/// # Errors
/// No process was started, or it was killed again.
#[cfg(target_os = "linux")]
pub fn start_at_once(
    spec: &Spec,
    placement: &Placement,
    descriptors: &[Option<BorrowedFd>],
) -> Result<(Root, Orders), Refusal> {
    if !spec.guarded || warden::is_known_unable() {
        return Err(Refusal::Warden(io::ErrorKind::Unsupported.into()));
    }
    let (root, orders) = warden::start_at_once(spec, placement, descriptors)?;
    Ok((Root::Guarded(root), orders))
}

#[cfg(target_os = "macos")]
fn watched(root: process_group::Root) -> Root {
    // An exited root has no group any more that could be told from another process's.
    match start_mark(root.pid()) {
        Ok(start) => {
            let watched = Watched::new(root.pid(), start);
            Root::Watched(root, watched)
        }
        Err(_) => Root::Plain(root),
    }
}

macro_rules! either {
    ($root:expr, $one:ident => $what:expr) => {
        match $root {
            #[cfg(target_os = "linux")]
            Self::Guarded($one) => $what,
            #[cfg(target_os = "macos")]
            Self::Watched($one, _) => $what,
            Self::Plain($one) => $what,
        }
    };
}

impl Root {
    /// The command's own pid.
    pub fn pid(&self) -> u32 {
        either!(self, root => root.pid())
    }

    /// Returns the pid of the process above the whole tree, which is not reaped before the tree has exited: the warden
    /// or the root.
    pub fn topmost_pid(&self) -> u32 {
        match self {
            #[cfg(target_os = "linux")]
            Self::Guarded(root) => root.topmost_pid(),
            _ => self.pid(),
        }
    }

    /// Returns the processor time of the exited tree, as far as the system kept it.
    pub fn cpu_time(&self) -> Duration {
        either!(self, root => root.cpu_time())
    }

    /// Waits until the root has exited, and returns its exit status. Dropping the future changes nothing.
    pub async fn wait_root(&mut self) -> ExitStatus {
        either!(self, root => root.wait_root().await)
    }

    /// Waits until the whole tree has exited, at most for `timeout`. Returns whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        either!(self, root => root.wait(timeout).await)
    }

    /// Returns the way to send signals to the command.
    ///
    /// # Errors
    /// The system's: this process has no descriptor left, or the command has exited.
    pub fn signaller(&self) -> io::Result<Signaller> {
        match self {
            #[cfg(target_os = "linux")]
            Self::Guarded(root) => root.orders().map(|orders| Signaller::Warden(orders, root.pid())),
            #[cfg(target_os = "macos")]
            Self::Watched(root, _) => root.signaller(),
            Self::Plain(root) => root.signaller(),
        }
    }

    /// Resumes the warden, if a process has stopped it.
    #[cfg(target_os = "linux")]
    pub fn wake(&self) {
        if let Self::Guarded(root) = self {
            root.wake();
        }
    }

    /// Returns the pids of the tree's running processes, as far as the process table shows them.
    pub async fn pids(&mut self) -> Vec<u32> {
        either!(self, root => root.pids().await)
    }

    /// Terminates the whole tree: SIGTERM, `grace`, SIGKILL. Returns when every process has exited.
    pub async fn terminate(&mut self, grace: Duration) {
        either!(self, root => root.terminate(grace).await);
    }
}
