//! The messages in an answer over HTTP.

use super::connection::Connection;
use super::verdict::Id;
use crate::mcp::error::CallError;
use crate::mcp::jsonrpc::{self, Incoming};
use crate::mcp::retry_hint::RetryHeaders;

/// The part of an answer that matters when it does not answer the request.
#[derive(Debug)]
pub enum Summary {
    /// No message at all.
    Nothing,
    /// Messages, and no error that answers another request or none.
    Messages,
    /// An error.
    Error {
        /// The request that the error answers.
        id: Id,
        /// The code; NaN where there is none.
        code: f64,
        /// The server's words.
        message: String,
        /// The error's data, as JSON.
        data: Option<String>,
    },
}

/// Handles the messages of an answer to the request `own`, and sends replies.
pub async fn receive(connection: &Connection, own: i64, bytes: &[u8]) -> Summary {
    let mut summary = Summary::Nothing;
    for message in jsonrpc::read(bytes) {
        summary = summary.with(&message, Some(own), |id| connection.client.is_in_flight(id));
        handle(connection, message, Some(own)).await;
    }
    summary
}

/// Handles one message in the answer to the request `own`, and sends the reply if it is a request. A server without a
/// handshake is sent no reply, because its requests have no way back.
pub async fn handle(connection: &Connection, message: Incoming, own: Option<i64>) {
    if let Some(reply) = connection.client.handle(message, own, || connection.responder())
        && !connection.client.is_stateless()
    {
        connection.reply(reply).await;
    }
}

impl Summary {
    /// Summarizes an answer without handling its messages.
    pub fn of(bytes: &[u8], own: Option<i64>) -> Self {
        jsonrpc::read(bytes).iter().fold(Self::Nothing, |summary, message| summary.with(message, own, |_| false))
    }

    fn with(self, message: &Incoming, own: Option<i64>, is_in_flight: impl Fn(i64) -> bool) -> Self {
        match message {
            Incoming::Response { id, outcome: Err(CallError::Refused { code, message, data, .. }) } => {
                let id = match id {
                    jsonrpc::Id::Number(number) if Some(*number) == own || own.is_none() => Id::Own,
                    // Another request of ours gets its error.
                    jsonrpc::Id::Number(number) if is_in_flight(*number) => return Self::Messages,
                    jsonrpc::Id::Null => Id::Null,
                    _ => Id::Foreign,
                };
                Self::Error { id, code: code.unwrap_or(f64::NAN), message: message.clone(), data: data.clone() }
            }
            Incoming::Invalid => self,
            _ => Self::Messages,
        }
    }

    /// Returns the server's words, if there are any.
    pub fn words(&self) -> String {
        match self {
            Self::Error { message, .. } => message.clone(),
            _ => "HTTP 404".to_owned(),
        }
    }

    /// Makes an error of the server's own, with its secrets hidden.
    pub fn into_error(self, hide: &impl Fn(&str) -> String, retry: Option<Box<RetryHeaders>>) -> CallError {
        match self {
            Self::Error { code, message, data, .. } => {
                let code = Some(code).filter(|code| !code.is_nan());
                CallError::Refused { code, message: hide(&message), data, retry }
            }
            _ => CallError::NoMessage("answered without an answer to the call".to_owned(), retry),
        }
    }
}
