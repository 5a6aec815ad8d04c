//! One child that Node.js has started: listed before its start, and guarded until its tree has exited.

use super::ending::{KILL_GRACE, OnStuck, terminate_tree};
use crate::process::tag::Tag;
use crate::process::tree::{Adopted, ExitStatus, adopt, tag_of};
use crate::registry::{EndReason, EndRequest, Entry, Label, Registration, Registry};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{sleep, timeout};

/// The time that Node.js may take to report the exit of a root.
const REPORT_TIMEOUT: Duration = Duration::from_secs(2);
/// The shortest and the longest time between two looks for processes that an exited root has left.
const POLL_PAUSE: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(2)];

/// The end of a root, as Node.js reports it.
#[derive(Debug, Clone, Copy, Default)]
pub struct RootExit {
    /// The exit status.
    pub status: ExitStatus,
    /// The rest of the tree has to end with the root.
    pub ends_rest: bool,
}

/// A child of Node.js. Dropping one that was not started takes it off the list.
#[derive(Debug)]
pub struct Adoption {
    number: u64,
    end: EndRequest,
    /// Until the child was adopted. A child that cannot be adopted stays listed, because it carries the tag.
    registration: Option<Registration>,
    /// From the start on.
    exited: Option<oneshot::Sender<RootExit>>,
    let_go: Option<mpsc::Sender<()>>,
}

impl Adoption {
    /// Lists a child that Node.js is about to start, so that the cleanup scanner knows its tag.
    pub fn new(registry: &Arc<Registry>, label: Label) -> Self {
        let (number, end) = (registry.next_number(), EndRequest::default());
        let registration = registry.register(Entry::new(number, label, None, end.clone()));
        Self { number, end, registration: Some(registration), exited: None, let_go: None }
    }

    /// Returns the tag for the child's environment.
    pub fn tag(&self) -> Tag {
        tag_of(self.number)
    }

    /// Adopts the child, which was started just now. Needs to be called within the runtime, once.
    ///
    /// # Errors
    /// The system's error. The child runs on without a guard.
    pub fn started(&mut self, pid: u32) -> io::Result<()> {
        let tree = adopt(pid, self.number)?;
        let registration = self.registration.take().ok_or(io::ErrorKind::AlreadyExists)?;
        registration.set_started(pid, pid);
        let (exited, exit) = oneshot::channel();
        let (let_go, is_let_go) = mpsc::channel(1);
        (self.exited, self.let_go) = (Some(exited), Some(let_go));
        tokio::spawn(watch(tree, registration, self.end.clone(), exit, is_let_go));
        Ok(())
    }

    /// Notes the exit of the root.
    pub fn exited(&mut self, exit: RootExit) {
        self.registration = None;
        if let Some(exited) = self.exited.take() {
            // The tree may have been given up.
            let _ = exited.send(exit);
        }
    }

    /// Lets the tree outlive the server.
    pub fn let_go(&self) {
        if let Some(let_go) = &self.let_go {
            // Once is enough.
            let _ = let_go.try_send(());
        }
    }

    /// Terminates the whole tree.
    pub fn terminate(&self, reason: EndReason, grace: Option<Duration>) {
        self.end.request(reason, grace);
    }
}

/// Keeps the tree registered until its last process has exited.
async fn watch(
    mut tree: Adopted,
    registration: Registration,
    end: EndRequest,
    exit: oneshot::Receiver<RootExit>,
    mut let_go: mpsc::Receiver<()>,
) {
    let mut reason = loop {
        tokio::select! {
            () = tree.wait_root() => break None,
            reason = end.requested() => break Some(reason),
            Some(()) = let_go.recv() => tree.let_go(),
        }
    };
    let terminate = async |tree: &mut Adopted| {
        terminate_tree(tree, &end, KILL_GRACE, OnStuck::Wait, || registration.set_stuck()).await
    };
    if reason.is_some() {
        terminate(&mut tree).await;
    }
    let reported = timeout(REPORT_TIMEOUT, exit).await;
    let RootExit { status, ends_rest } = reported.ok().and_then(Result::ok).unwrap_or_default();
    if reason.is_none() {
        let is_empty = !ends_rest
            && tokio::select! {
                () = emptied(&mut tree) => true,
                request = end.requested() => {
                    reason = Some(request);
                    false
                }
            };
        if !is_empty {
            terminate(&mut tree).await;
        }
    }
    registration.set_exited(reason, status, registration.age(), tree.cpu_time());
}

/// Waits until no process of the tree can be found.
async fn emptied(tree: &mut Adopted) {
    let [mut pause, longest] = POLL_PAUSE;
    while !tree.is_empty().await {
        sleep(pause).await;
        pause = (pause * 2).min(longest);
    }
}
