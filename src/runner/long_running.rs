//! A process that runs until it is shut down, while callers write to it and read its outputs.

use super::{Call, InputSender, Outcome, input, run_admitted};
use crate::admission::Admission;
use crate::process::tree::ExitStatus;
use crate::registry::{EndReason, EndRequest, Registry};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// The time that a process may take to exit after its input has ended, before it is terminated.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(500);

/// A process and all its descendants. Dropping this terminates them.
#[derive(Debug)]
pub struct LongRunning {
    /// The process's own pid.
    pub pid: u32,
    /// The number of the tree.
    pub tree: u64,
    end: EndRequest,
    exit: watch::Receiver<Option<ExitStatus>>,
    over: watch::Receiver<Option<Arc<Outcome>>>,
}

impl LongRunning {
    /// Starts the process. Its input ends when the sender is dropped.
    ///
    /// # Errors
    /// The system's error. No process was started.
    pub async fn start(
        registry: &Arc<Registry>,
        mut call: Call,
        admission: Admission,
    ) -> io::Result<(Self, InputSender)> {
        let (sender, receiver) = input();
        let (exit_sender, exit) = watch::channel(None);
        let (over_sender, over) = watch::channel(None);
        let (started, pid) = oneshot::channel();
        let end = EndRequest::default();
        let tree = call.spec.number;
        call.exit = Some(exit_sender);
        let (registry, asked) = (Arc::clone(registry), end.clone());
        let running = tokio::spawn(async move {
            let on_start = |pid| {
                let _ = started.send(pid);
            };
            let outcome = run_admitted(&registry, call, admission, receiver, asked, on_start).await?;
            over_sender.send_replace(Some(Arc::new(outcome)));
            Ok::<_, io::Error>(())
        });
        if let Ok(pid) = pid.await {
            return Ok((Self { pid, tree, end, exit, over }, sender));
        }
        running.await.map_err(io::Error::other)??;
        Err(io::Error::other("the process was not started"))
    }

    /// Returns the exit status of the root, once it has exited.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits until the root has exited. Its descendants may still run.
    pub async fn wait_root(&self) {
        let _ = self.exit.clone().wait_for(Option::is_some).await;
    }

    /// Returns the result, once every process of the tree has exited.
    pub fn outcome(&self) -> Option<Arc<Outcome>> {
        self.over.borrow().clone()
    }

    /// Returns whether the process was ended for writing too much.
    pub fn wrote_too_much(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.end_reason == Some(EndReason::MaxBuffer))
    }

    /// Shuts down the tree in order. The caller has closed its input. Returns when every process has exited.
    pub async fn shut_down(&self) {
        if timeout(LEAVE_TIMEOUT, self.wait()).await.is_err() {
            self.terminate(EndReason::Shutdown);
            self.wait().await;
        }
    }

    /// Requests termination for this reason, without waiting for the process to exit by itself.
    pub fn terminate(&self, reason: EndReason) {
        self.end.request(reason, None);
    }

    /// Waits until every process of the tree has exited.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut over = self.over.clone();
        async move {
            let _ = over.wait_for(Option::is_some).await;
        }
    }
}

impl Drop for LongRunning {
    fn drop(&mut self) {
        self.terminate(EndReason::Shutdown);
    }
}
