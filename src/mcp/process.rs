//! The process of a server.

use super::definition::{Definition, Program};
use super::error::StartError;
use crate::process::tree::Spec;
use crate::registry::{Label, Registry};
use crate::runner::{Call, Kept, Pipes};
use std::sync::Arc;

/// Starts it.
///
/// # Errors
/// [`StartError::Spawn`].
pub async fn start(
    registry: &Arc<Registry>,
    definition: &Definition,
    program: &Program,
) -> Result<(Kept, Pipes), StartError> {
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
        lines: None,
        exit: None,
    };
    let failed = |error: std::io::Error| StartError::Spawn { errno: error.raw_os_error(), message: error.to_string() };
    Kept::start(registry, call).await.map_err(failed)
}
