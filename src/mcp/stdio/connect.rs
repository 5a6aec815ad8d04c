//! Starts a server process and shakes hands with it.

use super::connection::Connection;
use super::spawn::{self, Spawned};
use crate::admission::Admission;
use crate::mcp::client::Client;
use crate::mcp::error::{CallError, ServerEnd, StartError};
use crate::mcp::handshake::{HandshakeFailure, Transport, shake_hands};
use crate::mcp::request::Request;
use crate::mcp::server_config::{Program, ServerConfig};
use crate::mcp::server_requests::Inbox;
use crate::registry::{EndReason, Registry};
use crate::runner::{LongRunning, Stdout};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// The time in which a server's last lines are read after it has closed its output or exited.
const LAST_LINES: Duration = Duration::from_millis(100);
/// The time that a server which closed its output has to exit, so that its exit status is known.
const EXIT_TIMEOUT: Duration = Duration::from_millis(200);

/// A server process that has shaken hands.
#[derive(Debug)]
pub struct Server {
    /// The process.
    pub process: LongRunning,
    /// The client's side of the pipes.
    pub connection: Arc<Connection>,
    /// The server's standard output.
    pub stdout: Arc<Stdout>,
    stderr_ended: watch::Receiver<bool>,
    max_buffer: usize,
}

/// Starts a server as a process and shakes hands with it.
///
/// # Errors
/// [`StartError`]; every process of the server has exited then.
pub async fn connect(
    registry: &Arc<Registry>,
    config: &ServerConfig,
    program: &Program,
    admission: Admission,
    inbox: Option<Inbox>,
    abandoned: &CancellationToken,
) -> Result<Server, StartError> {
    let Spawned { process, connection, stdout, stderr_ended } =
        spawn::start(registry, config, program, admission, inbox).await?;
    let server = Server { process, connection, stdout, stderr_ended, max_buffer: config.max_buffer };
    server.connection.client.set_events(&config.events);
    let time = config.start_timeout;
    let failure = tokio::select! {
        outcome = shake_hands(&*server.connection, config.protocol, &config.capabilities, time) => match outcome {
            Ok(()) => return Ok(server),
            Err(failure) => Some(failure),
        },
        () = server.wait_until_closed() => {
            // Its exit status says more than its silence.
            let _ = timeout(EXIT_TIMEOUT, server.process.wait_root()).await;
            Some(HandshakeFailure::Refused(CallError::Exited(ServerEnd::default())))
        }
        () = abandoned.cancelled() => None,
    };
    let end = server.end_status();
    if let Some(HandshakeFailure::Unanswered(_)) = failure {
        // First of all, because the end of its input may let the server exit as if by itself.
        server.process.terminate(EndReason::Timeout);
    }
    server.connection.close_input();
    server.process.shut_down().await;
    Err(match failure {
        _ if abandoned.is_cancelled() => StartError::Abandoned,
        _ if server.process.wrote_too_much() => StartError::handshake("its message was too long", end),
        None => StartError::Abandoned,
        Some(HandshakeFailure::Unanswered(method)) => StartError::Unanswered { method, time, end },
        Some(HandshakeFailure::Refused(CallError::Exited(_))) => StartError::Exited(end),
        Some(HandshakeFailure::Refused(error)) => StartError::refused(error, end),
    })
}

impl Server {
    /// Waits until the server can answer no more: its output is closed and its last lines are read, or its process has
    /// exited.
    pub async fn wait_until_closed(&self) {
        let closed = async {
            self.connection.closed().await;
            let _ = timeout(LAST_LINES, self.stderr_ended.clone().wait_for(|ended| *ended)).await;
        };
        let exited = async {
            self.process.wait_root().await;
            sleep(LAST_LINES).await;
        };
        tokio::select! {
            () = closed => {}
            () = exited => {}
        }
    }

    /// Fails the calls and terminates the process: for `reason`, or else because the server has exited by itself. Returns
    /// when every process of the server has exited.
    pub async fn shut_down(&self, reason: Option<CallError>) {
        self.stdout.read_available();
        let reason = match reason {
            Some(reason) => reason,
            None => self.end_reason().await,
        };
        self.connection.shut_down(&reason);
        self.process.shut_down().await;
    }

    /// Describes the end of the server, as far as it is known.
    pub fn end_status(&self) -> ServerEnd {
        let (exit, stderr) = (self.process.exit_status(), self.connection.client.log.text());
        ServerEnd { exit, stderr, ..ServerEnd::default() }
    }

    async fn end_reason(&self) -> CallError {
        let _ = timeout(EXIT_TIMEOUT, self.process.wait_root()).await;
        if self.process.wrote_too_much() {
            return CallError::TooLong(self.max_buffer);
        }
        CallError::Exited(self.end_status())
    }
}

impl Transport for Connection {
    fn client(&self) -> &Client {
        &self.client
    }

    fn send(&self, id: i64, request: &Request) {
        Self::send(self, id, request);
    }

    async fn notify(&self, message: Vec<u8>) -> Result<(), CallError> {
        self.post(message);
        Ok(())
    }

    fn set_version(&self, _version: &str) {}
}
