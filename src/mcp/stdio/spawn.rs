//! Spawns a server's process and connects its pipes.

use super::connection::Connection;
use crate::admission::Admission;
use crate::mcp::error::StartError;
use crate::mcp::server_config::{Program, ServerConfig};
use crate::mcp::server_log::ServerLog;
use crate::mcp::server_requests::Inbox;
use crate::process::tree::{Choices, Outputs, Spec};
use crate::registry::{Label, Registry};
use crate::runner::{Call, Line, Lines, Listener, LongRunning, OnStuck, READS_AHEAD, Stdout};
use std::io;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// A process that has started, and its pipes.
pub struct Spawned {
    /// The process.
    pub process: LongRunning,
    /// The client's side of the pipes.
    pub connection: Arc<Connection>,
    /// The process's standard output.
    pub stdout: Arc<Stdout>,
    /// True once the process's standard error has ended.
    pub stderr_ended: watch::Receiver<bool>,
}

/// Starts the process.
///
/// # Errors
/// [`StartError::Spawn`], which names the program or the folder that is missing.
pub async fn start(
    registry: &Arc<Registry>,
    config: &ServerConfig,
    program: &Program,
    admission: Admission,
    inbox: Option<Inbox>,
) -> Result<Spawned, StartError> {
    let connection = Connection::new(inbox);
    let stdout = Arc::new(Stdout::new(Arc::clone(&connection) as Arc<dyn Listener>, config.max_buffer));
    let (stderr, errors) = mpsc::channel(READS_AHEAD);
    let call = Call {
        spec: Spec {
            command: program.command.clone(),
            arguments: program.arguments.clone(),
            directory: program.directory.clone(),
            choices: Choices::default(),
            environment: program.environment.clone(),
            number: admission.tree(),
            detached: program.detached,
            guarded: program.guarded,
            killed_first: false,
            verbatim: false,
            outputs: Outputs::default(),
        },
        label: Label { server: Some(config.name.clone()), pooled: true, ..Label::default() },
        timeout: None,
        max_buffer: config.max_buffer,
        kill_grace: config.kill_grace,
        lines: Some(Lines::Separate { stdout: Arc::clone(&stdout), stderr }),
        merge: false,
        exit: None,
        signals: None,
        on_stuck: OnStuck::Wait,
    };
    let (process, input) =
        LongRunning::start(registry, call, admission).await.map_err(|error| failure(program, &error))?;
    connection.connect(input);
    let stderr_ended = log_lines(errors, &connection.client.log);
    Ok(Spawned { process, connection, stdout, stderr_ended })
}

/// Adds the lines of the standard error to the log. The receiver resolves when the standard error has ended.
fn log_lines(mut errors: mpsc::Receiver<Vec<Line>>, log: &Arc<ServerLog>) -> watch::Receiver<bool> {
    let (sender, ended) = watch::channel(false);
    let log = Arc::clone(log);
    tokio::spawn(async move {
        while let Some(lines) = errors.recv().await {
            let written = lines.iter().filter(|line| !line.bytes.iter().all(u8::is_ascii_whitespace));
            written.for_each(|line| log.add(&line.bytes));
        }
        sender.send_replace(true);
    });
    ended
}

/// Names the cause: the system gives the same error for a program and for a folder that is not there.
fn failure(Program { command, directory, .. }: &Program, error: &io::Error) -> StartError {
    let command = command.to_string_lossy();
    let message = match directory {
        Some(directory) if !directory.is_dir() => {
            format!("its working folder {} is not there, or may not be entered", directory.display())
        }
        _ if error.kind() == io::ErrorKind::NotFound => format!("{command} was not found"),
        _ if error.kind() == io::ErrorKind::PermissionDenied => format!("{command} may not be executed"),
        _ => format!("{command}: {error}"),
    };
    StartError::Spawn { errno: error.raw_os_error(), message }
}
