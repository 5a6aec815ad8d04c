//! Starts a server process and shakes hands with it.

use super::connection::Connection;
use super::spawn::{self, Spawned};
use crate::mcp::client::Client;
use crate::mcp::error::{CallError, ServerEnd, StartError};
use crate::mcp::handshake::{Transport, shake_hands};
use crate::mcp::request::Request;
use crate::mcp::server_config::{Program, ServerConfig};
use crate::registry::Registry;
use crate::runner::{LongRunning, Stdout};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The time in which a server's last lines are read after it has closed its output or exited.
const LAST_LINES: Duration = Duration::from_millis(100);
/// The time that a server which closed its output has to exit, so that its exit status is known.
const LAST_BREATH: Duration = Duration::from_millis(200);

/// A server process that has shaken hands.
#[derive(Debug)]
pub struct Server {
    /// The process.
    pub process: LongRunning,
    /// The client's side of the pipes.
    pub connection: Arc<Connection>,
    /// The server's standard output.
    pub stdout: Arc<Stdout>,
    silent: watch::Receiver<bool>,
    max_buffer: usize,
}

/// Starts a server as a process and shakes hands with it.
///
/// # Errors
/// [`StartError`]; nothing of the server is left then.
pub async fn connect(registry: &Arc<Registry>, config: &ServerConfig, program: &Program) -> Result<Server, StartError> {
    let Spawned { process, connection, stdout, silent } = spawn::start(registry, config, program).await?;
    let server = Server { process, connection, stdout, silent, max_buffer: config.max_buffer };
    let handshake = shake_hands(&*server.connection, config.protocol);
    let error = tokio::select! {
        outcome = timeout(config.start_timeout, handshake) => match outcome {
            Ok(Ok(())) => return Ok(server),
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        },
        () = server.ended() => {
            // Its exit status says more than its silence.
            let _ = timeout(LAST_BREATH, server.process.wait_root()).await;
            Some(CallError::Exited(ServerEnd::default()))
        }
    };
    let end = server.end();
    server.connection.hang_up();
    server.process.shut_down().await;
    Err(match error {
        _ if server.process.wrote_too_much() => StartError::Handshake("its message was too long".to_owned(), end),
        None => StartError::TimedOut(config.start_timeout, end),
        Some(CallError::Exited(_)) => StartError::Exited(end),
        Some(error) => StartError::refused(error, end),
    })
}

impl Server {
    /// Waits until the server has ended: its output is closed and its last lines are read, or its process has exited.
    pub async fn ended(&self) {
        let closed = async {
            self.connection.closed().await;
            let _ = timeout(LAST_LINES, self.silent.clone().wait_for(|silent| *silent)).await;
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

    /// Ends the process after failing its calls: for `reason`, or else because it has ended by itself. Returns when every
    /// process of the server has exited.
    pub async fn shut_down(&self, reason: Option<CallError>) {
        self.stdout.read_available();
        let reason = match reason {
            Some(reason) => reason,
            None => self.why_ended().await,
        };
        self.connection.end(&reason);
        self.process.shut_down().await;
    }

    /// Describes the end of the server, as far as it is known.
    pub fn end(&self) -> ServerEnd {
        ServerEnd { exit: self.process.exit_status(), stderr: self.connection.client.log.text(), reason: None }
    }

    async fn why_ended(&self) -> CallError {
        let _ = timeout(LAST_BREATH, self.process.wait_root()).await;
        if self.process.wrote_too_much() {
            return CallError::TooLong(self.max_buffer);
        }
        CallError::Exited(self.end())
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
