//! Unix: a tree below a warden, or a plain one where there is none, which on macOS has a watcher.

use super::exit_status::ExitStatus;
use super::process_group;
use super::spec::Spec;
use super::started::Started;
#[cfg(target_os = "linux")]
use super::warden::{self, Refusal};
#[cfg(target_os = "macos")]
use super::watcher::{self, Watched};
#[cfg(target_os = "macos")]
use crate::process::identity::start_mark;
use std::io;
use std::time::Duration;
#[cfg(target_os = "linux")]
use tokio::task::spawn_blocking;

/// The command that was started.
#[derive(Debug)]
pub enum Root {
    /// It ends with the server.
    #[cfg(target_os = "linux")]
    Guarded(warden::Root),
    /// It ends with the server, as far as the watcher finds it.
    #[cfg(target_os = "macos")]
    Watched(process_group::Root, Watched),
    /// It ends by the server.
    Plain(process_group::Root),
}

/// Starts the tree.
///
/// # Errors
/// The system's error; nothing was started, or it has ended again.
pub async fn start(spec: &Spec) -> io::Result<Started<Root>> {
    #[cfg(target_os = "linux")]
    if spec.guarded && !warden::is_known_unable() {
        match warden::start(spec).await {
            Ok(started) => return Ok(started.map(Root::Guarded)),
            Err(Refusal::Command(error)) => return Err(error),
            Err(Refusal::Warden(error)) => {
                // Where none can do its work, the tree is held as well as it can be without.
                if spawn_blocking(warden::able).await.map_err(io::Error::other)?.is_ok() {
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

#[cfg(target_os = "macos")]
fn watched(root: process_group::Root) -> Root {
    // One that has exited already has no group any more that could be told from a stranger's.
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

    /// Who is above all of the tree, as far as anybody is, and has not been waited for before its end: the warden or the root.
    pub fn topmost_pid(&self) -> u32 {
        match self {
            #[cfg(target_os = "linux")]
            Self::Guarded(root) => root.topmost_pid(),
            _ => self.pid(),
        }
    }

    /// The processor time of the tree, once it has ended, as far as the system has kept it.
    pub fn cpu_time(&self) -> Duration {
        either!(self, root => root.cpu_time())
    }

    /// Waits until the command has exited, and tells how. Dropping the future changes nothing.
    pub async fn wait_root(&mut self) -> ExitStatus {
        either!(self, root => root.wait_root().await)
    }

    /// Waits for the rest of the tree to end by itself, at most for `patience`; tells whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        either!(self, root => root.wait(timeout).await)
    }

    /// The processes of the tree that are there now, as far as the process table shows them.
    pub async fn pids(&mut self) -> Vec<u32> {
        either!(self, root => root.pids().await)
    }

    /// Ends the whole tree: SIGTERM, `grace`, SIGKILL. Returns when nobody is left.
    pub async fn terminate(&mut self, grace: Duration) {
        either!(self, root => root.terminate(grace).await);
    }
}
