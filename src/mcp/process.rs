//! The process of a server, from its start until nothing of it is left.

use super::definition::{Definition, Program};
use super::error::StartError;
use super::stdio::Pipes;
use super::traffic::Traffic;
use crate::process::tree::{Exit, Spec};
use crate::registry::{EndReason, EndRequest, Label, Registry};
use crate::runner::{self, Call, Lines, READS_AHEAD};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

/// How long a server may take to leave once its input has ended, before it is asked to.
const LEAVING: Duration = Duration::from_millis(500);

/// A server's process and all that it starts.
#[derive(Debug)]
pub struct ServerProcess {
    /// Its own pid.
    pub pid: u32,
    /// When it was started.
    pub started: Instant,
    end: EndRequest,
    /// How it exited.
    exit: watch::Receiver<Option<Exit>>,
    over: watch::Receiver<Life>,
}

/// What there is of a process tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Something.
    Lives,
    /// Nothing any more, and why it had to end.
    Over(Option<EndReason>),
}

impl ServerProcess {
    /// Starts it.
    ///
    /// # Errors
    /// [`StartError::Spawn`].
    pub async fn start(
        registry: &Arc<Registry>,
        definition: &Definition,
        program: &Program,
        traffic: &Arc<Traffic>,
    ) -> Result<(Self, Pipes), StartError> {
        let (sender, input) = runner::input();
        let (stdout, lines) = mpsc::channel(READS_AHEAD);
        let (stderr, errors) = mpsc::channel(READS_AHEAD);
        let (exit_sender, exit) = watch::channel(None);
        let (over_sender, over) = watch::channel(Life::Lives);
        let (started, pid) = oneshot::channel();
        let end = EndRequest::default();
        let call = Call {
            spec: Spec {
                command: program.command.clone(),
                arguments: program.arguments.clone(),
                directory: program.directory.clone(),
                environment: program.environment.clone(),
                number: registry.next_number(),
                detached: false,
                guarded: program.guarded,
            },
            label: Label { server: Some(definition.name.clone()), pooled: true, ..Label::default() },
            timeout: None,
            max_buffer: definition.max_buffer,
            kill_grace: definition.kill_grace,
            lines: Some(Lines::Apart { stdout, stderr }),
            exit: Some(exit_sender),
        };
        let (registry, asked) = (Arc::clone(registry), end.clone());
        let running = tokio::spawn(async move {
            let on_start = |pid| {
                let _ = started.send(pid);
            };
            let outcome = runner::run(&registry, call, input, asked, on_start).await;
            let reason = outcome.as_ref().ok().and_then(|outcome| outcome.ended);
            over_sender.send_replace(Life::Over(reason));
            outcome.err()
        });
        if let Ok(pid) = pid.await {
            let process = Self { pid, started: Instant::now(), end, exit, over };
            return Ok((process, Pipes::new(sender, lines, errors, traffic)));
        }
        let error = running.await.map_err(|_| StartError::Panicked)?;
        let message = error.as_ref().map_or_else(|| "it was not started".to_owned(), ToString::to_string);
        Err(StartError::Spawn { errno: error.and_then(|error| error.raw_os_error()), message })
    }

    /// How it exited, if it has.
    pub fn exit(&self) -> Option<Exit> {
        *self.exit.borrow()
    }

    /// Waits until it has exited; what it started may still be there.
    pub async fn exited(&self) {
        let _ = self.exit.clone().wait_for(Option::is_some).await;
    }

    /// Whether it was ended for writing too much.
    pub fn wrote_too_much(&self) -> bool {
        *self.over.borrow() == Life::Over(Some(EndReason::MaxBuffer))
    }

    /// Ends all of it in an orderly way; its input has been closed. Returns when nothing of it is left.
    pub async fn finish(&self) {
        if timeout(LEAVING, self.gone()).await.is_err() {
            self.end();
            self.gone().await;
        }
    }

    /// Asks for its end without waiting for it to leave by itself.
    pub fn end(&self) {
        self.end.make(EndReason::Shutdown, None);
    }

    /// Waits until nothing of it is left.
    pub async fn gone(&self) {
        let _ = self.over.clone().wait_for(|life| *life != Life::Lives).await;
    }
}
