//! The process of a server.

use super::conversation::Conversation;
use super::definition::{Definition, Program};
use super::error::StartError;
use super::heard::Heard;
use super::stdio::Messages;
use crate::process::tree::Spec;
use crate::registry::{Label, Registry};
use crate::runner::{Call, Kept, Line, Lines, Listener, OnStuck, Outlet, READS_AHEAD};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// A server that runs, and what there is between us and it.
#[derive(Debug)]
pub struct Server {
    /// Its process.
    pub process: Kept,
    /// Our side of it.
    pub conversation: Arc<Conversation>,
    /// What it writes its answers to.
    pub outlet: Arc<Outlet>,
    /// What the SDK is to see of it.
    pub messages: Messages,
}

/// Starts it.
///
/// # Errors
/// [`StartError::Spawn`].
pub async fn start(registry: &Arc<Registry>, definition: &Definition, program: &Program) -> Result<Server, StartError> {
    let (conversation, receiver) = Conversation::new();
    let outlet = Arc::new(Outlet::new(Arc::clone(&conversation) as Arc<dyn Listener>, definition.max_buffer));
    let (stderr, errors) = mpsc::channel(READS_AHEAD);
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
        lines: Some(Lines::Apart { stdout: Arc::clone(&outlet), stderr }),
        exit: None,
        on_stuck: OnStuck::Wait,
    };
    let failed = |error: std::io::Error| StartError::Spawn { errno: error.raw_os_error(), message: error.to_string() };
    let (process, input) = Kept::start(registry, call).await.map_err(failed)?;
    conversation.connect(input);
    let messages = Messages { receiver, silent: listen(errors, &conversation.heard) };
    Ok(Server { process, conversation, outlet, messages })
}

/// Keeps what it writes to its standard error; tells when that has ended.
fn listen(mut errors: mpsc::Receiver<Vec<Line>>, heard: &Arc<Heard>) -> watch::Receiver<bool> {
    let (ended, silent) = watch::channel(false);
    let heard = Arc::clone(heard);
    tokio::spawn(async move {
        while let Some(lines) = errors.recv().await {
            let spoken = lines.iter().filter(|line| !line.bytes.iter().all(u8::is_ascii_whitespace));
            spoken.for_each(|line| heard.keep(&line.bytes));
        }
        ended.send_replace(true);
    });
    silent
}
