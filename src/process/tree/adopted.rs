//! A tree whose root Node.js has started, held by what this platform has beside a living server.

#[cfg(windows)]
use super::platform::Job;
#[cfg(target_os = "macos")]
use super::watcher::{self, Watched};
#[cfg(unix)]
use super::{members::Origin, table_tree::TableTree};
use crate::process::handle::Handle;
#[cfg(unix)]
use crate::process::handle::{Signal, wait_all};
#[cfg(unix)]
use crate::process::identity::start_mark;
use crate::process::tag::{Instance, Tag};
use std::io;
use std::time::Duration;

/// The root and the tree of a child that Node.js has started.
///
/// - Linux: the process table shows the tree. Only the living server terminates it.
/// - macOS: the same, and the watcher kills the members that it finds when the server dies.
/// - Windows: a job has the tree from just after the root's start on.
#[derive(Debug)]
pub struct Adopted {
    root: Handle,
    #[cfg(unix)]
    tree: TableTree,
    #[cfg(target_os = "macos")]
    watched: Option<Watched>,
    #[cfg(windows)]
    job: Option<Job>,
}

/// Returns the tag for the environment of a child that is to be adopted.
pub fn tag_of(number: u64) -> Tag {
    Tag { instance: Instance::current().clone(), tree: number }
}

/// Adopts a child of this process that was not reaped, so that its pid means no other process.
///
/// # Errors
/// The system's error. The child runs on without a guard.
#[cfg(unix)]
pub fn adopt(pid: u32, number: u64) -> io::Result<Adopted> {
    let start = start_mark(pid)?;
    let root = Handle::open(pid)?;
    let tree = TableTree::of_running(Origin { pid, start, held: false }, tag_of(number));
    #[cfg(target_os = "macos")]
    let watched = watcher::ensure().ok().map(|()| Watched::new(pid, start));
    Ok(Adopted {
        root,
        tree,
        #[cfg(target_os = "macos")]
        watched,
    })
}

/// Adopts a child of this process whose handle is open, so that its pid means no other process.
///
/// # Errors
/// The system's error. The child runs on without a guard.
#[cfg(windows)]
pub fn adopt(pid: u32, _number: u64) -> io::Result<Adopted> {
    let root = Handle::open(pid)?;
    let job = Job::of_running(pid)?;
    Ok(Adopted { root, job: Some(job) })
}

impl Adopted {
    /// Waits until the root has exited. Dropping the future changes nothing.
    pub async fn wait_root(&self) {
        self.root.wait().await;
    }

    /// Returns whether no process of the tree can be found.
    #[cfg_attr(windows, expect(clippy::unused_async, reason = "elsewhere the process table is read"))]
    pub async fn is_empty(&mut self) -> bool {
        #[cfg(unix)]
        return self.tree.pids().await.is_empty();
        #[cfg(windows)]
        return self.job.as_ref().is_none_or(Job::is_empty);
    }

    /// Lets the tree outlive the server.
    pub fn let_go(&mut self) {
        #[cfg(target_os = "macos")]
        {
            self.watched = None;
        }
        #[cfg(windows)]
        if let Some(job) = self.job.take() {
            job.release();
        }
    }

    /// Terminates the whole tree. Returns when every process that can be found has exited.
    ///
    /// On Unix: SIGTERM, `grace`, SIGKILL. On Windows the job is killed at once, because nothing asks for an end.
    pub async fn terminate(&mut self, grace: Duration) {
        #[cfg(unix)]
        {
            let signalled = self.tree.signal(Signal::Terminate).await;
            wait_all(&signalled, grace).await;
            self.tree.kill().await;
        }
        #[cfg(windows)]
        {
            let _ = grace;
            if let Some(job) = &self.job {
                job.kill();
                job.wait().await;
            }
        }
    }

    /// Returns the processor time of the tree, as far as the system keeps it.
    pub fn cpu_time(&self) -> Duration {
        #[cfg(windows)]
        return self.job.as_ref().and_then(|job| job.cpu_time().ok()).unwrap_or_default();
        #[cfg(unix)]
        Duration::ZERO
    }
}
