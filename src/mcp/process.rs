//! The process of a server.

use super::definition::{Definition, Program};
use super::error::StartError;
use super::stdio::Pipes;
use super::traffic::Traffic;
use crate::process::tree::Spec;
use crate::registry::{Label, Registry};
use crate::runner::{Call, Kept, Lines, READS_AHEAD};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Starts it.
///
/// # Errors
/// [`StartError::Spawn`].
pub async fn start(
    registry: &Arc<Registry>,
    definition: &Definition,
    program: &Program,
    traffic: &Arc<Traffic>,
) -> Result<(Kept, Pipes), StartError> {
    let (stdout, lines) = mpsc::channel(READS_AHEAD);
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
        lines: Some(Lines::Apart { stdout, stderr }),
        exit: None,
    };
    let failed = |error: std::io::Error| StartError::Spawn { errno: error.raw_os_error(), message: error.to_string() };
    let (process, input) = Kept::start(registry, call).await.map_err(failed)?;
    Ok((process, Pipes::new(input, lines, errors, traffic)))
}
