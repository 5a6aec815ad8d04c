//! Begins a session over HTTP.

use super::connection::Connection;
use crate::mcp::error::{CallError, ServerEnd, StartError};
use crate::mcp::handshake::{HandshakeFailure, shake_hands};
use crate::mcp::server_config::{Endpoint, ServerConfig};
use crate::mcp::server_requests::Inbox;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Connects to a server and shakes hands with it.
///
/// # Errors
/// [`StartError`].
pub async fn connect(
    config: &ServerConfig,
    endpoint: &Endpoint,
    inbox: Option<Inbox>,
    abandoned: &CancellationToken,
) -> Result<Arc<Connection>, StartError> {
    let connection = Connection::new(endpoint, config.max_buffer, inbox)
        .map_err(|failure| StartError::handshake(failure.to_string(), ServerEnd::default()))?;
    connection.client.set_events(&config.events);
    let time = config.start_timeout;
    let handshake = shake_hands(&*connection, config.protocol, &config.capabilities, time);
    let outcome = abandoned.run_until_cancelled(handshake).await;
    if let Some(Ok(())) = outcome {
        if connection.has_session() {
            connection.listen();
        }
        return Ok(connection);
    }
    let end = connection.end_status();
    connection.shut_down(&CallError::Closed).await;
    Err(match outcome {
        Some(Err(HandshakeFailure::Refused(error))) => StartError::refused(error, end),
        Some(Err(HandshakeFailure::Unanswered(method))) => StartError::Unanswered { method, time, end },
        Some(Ok(())) | None => StartError::Abandoned,
    })
}
