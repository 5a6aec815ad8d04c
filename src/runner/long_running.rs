//! A process that is kept: it runs until it is ended, while others write to it and read what it writes.

use super::{Call, InputSender, Outcome, input, run};
use crate::process::tree::ExitStatus;
use crate::registry::{EndReason, EndRequest, Registry};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

/// How long a process may take to leave once its input has ended, before it is asked to.
const LEAVE_TIMEOUT: Duration = Duration::from_millis(500);

/// A process and all that it starts. Dropping this ends it.
#[derive(Debug)]
pub struct LongRunning {
    /// The process's own pid.
    pub pid: u32,
    end: EndRequest,
    exit: watch::Receiver<Option<ExitStatus>>,
    over: watch::Receiver<Option<Arc<Outcome>>>,
}

impl LongRunning {
    /// Starts it; its input ends when what writes to it is dropped.
    ///
    /// # Errors
    /// The system's error; nothing was started.
    pub async fn start(registry: &Arc<Registry>, mut call: Call) -> io::Result<(Self, InputSender)> {
        let (sender, receiver) = input();
        let (exit_sender, exit) = watch::channel(None);
        let (over_sender, over) = watch::channel(None);
        let (started, pid) = oneshot::channel();
        let end = EndRequest::default();
        call.exit = Some(exit_sender);
        let (registry, asked) = (Arc::clone(registry), end.clone());
        let running = tokio::spawn(async move {
            let on_start = |pid| {
                let _ = started.send(pid);
            };
            let outcome = run(&registry, call, receiver, asked, on_start).await?;
            over_sender.send_replace(Some(Arc::new(outcome)));
            Ok::<_, io::Error>(())
        });
        if let Ok(pid) = pid.await {
            return Ok((Self { pid, end, exit, over }, sender));
        }
        running.await.map_err(io::Error::other)??;
        Err(io::Error::other("it was not started"))
    }

    /// How it exited, if it has.
    pub fn exit_status(&self) -> Option<ExitStatus> {
        *self.exit.borrow()
    }

    /// Waits until it has exited; what it started may still be there.
    pub async fn wait_root(&self) {
        let _ = self.exit.clone().wait_for(Option::is_some).await;
    }

    /// What became of it, once nothing of it is left.
    pub fn outcome(&self) -> Option<Arc<Outcome>> {
        self.over.borrow().clone()
    }

    /// Whether it was ended for writing too much.
    pub fn wrote_too_much(&self) -> bool {
        self.outcome().is_some_and(|outcome| outcome.end_reason == Some(EndReason::MaxBuffer))
    }

    /// Ends all of it in an orderly way; its input has been closed. Returns when nothing of it is left.
    pub async fn shut_down(&self) {
        if timeout(LEAVE_TIMEOUT, self.wait()).await.is_err() {
            self.terminate();
            self.wait().await;
        }
    }

    /// Asks for its end without waiting for it to leave by itself.
    pub fn terminate(&self) {
        self.end.request(EndReason::Shutdown, None);
    }

    /// Waits until nothing of it is left.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut over = self.over.clone();
        async move {
            let _ = over.wait_for(Option::is_some).await;
        }
    }
}

impl Drop for LongRunning {
    fn drop(&mut self) {
        self.terminate();
    }
}
