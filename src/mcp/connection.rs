//! Requests to a server that is reached over HTTP, which the SDK sends.

use super::error::CallError;
use super::exchange::Exchange;
use super::request::{Outcome, Request};
use super::traffic::Traffic;
use parking_lot::Mutex;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, GetExtensions, ListToolsRequest, PaginatedRequestParams,
};
use rmcp::service::{Peer, PeerRequestOptions, RequestHandle, RoleClient, ServiceError};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// A connection with a server.
#[derive(Debug)]
pub struct Connection {
    peer: Peer<RoleClient>,
    /// What passes over it.
    pub traffic: Arc<Traffic>,
    /// Why the server cannot be spoken to any more, where that is known.
    reason: Mutex<Option<String>>,
    /// How many requests in a row were given up without a word from the server.
    unanswered: AtomicU32,
}

impl Connection {
    /// One over which hands have been shaken.
    pub fn new(peer: Peer<RoleClient>, traffic: Arc<Traffic>) -> Self {
        Self { peer, traffic, reason: Mutex::default(), unanswered: AtomicU32::new(0) }
    }

    /// Sends a request and waits for its answer, until `give_up` says why not to wait any longer. `None` when the
    /// connection has ended.
    pub async fn request(&self, exchange: &Exchange, give_up: impl Future<Output = CallError>) -> Option<Outcome> {
        let message = message_for(exchange);
        let mut handle = self.peer.send_cancellable_request(message, PeerRequestOptions::no_options()).await.ok()?;
        let response = tokio::select! {
            response = &mut handle.rx => response,
            error = give_up => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                cancel(handle, &error);
                return Some(Err(error));
            }
        };
        match response {
            Ok(Ok(_)) => {
                self.unanswered.store(0, Ordering::Relaxed);
                Some(exchange.take_answer().unwrap_or(Err(CallError::Aborted)))
            }
            Ok(Err(ServiceError::McpError(error))) => {
                self.unanswered.store(0, Ordering::Relaxed);
                let data = error.data.map(|data| data.to_string());
                Some(Err(CallError::Refused { code: error.code.0, message: error.message.into_owned(), data }))
            }
            Ok(Err(ServiceError::TransportSend(error))) => {
                *self.reason.lock() = Some(format!("could not be reached: {}", deepest(&error)));
                None
            }
            _ => None,
        }
    }

    /// Why the server cannot be spoken to any more, where that is known.
    pub fn reason(&self) -> Option<String> {
        self.reason.lock().clone()
    }

    /// How many requests in a row were given up without a word from the server.
    pub fn unanswered(&self) -> u32 {
        self.unanswered.load(Ordering::Relaxed)
    }
}

fn message_for(exchange: &Exchange) -> ClientRequest {
    let mut message = match exchange.request() {
        Request::CallTool { tool, .. } => {
            ClientRequest::CallToolRequest(CallToolRequest::new(CallToolRequestParams::new(tool.clone())))
        }
        Request::ListTools { cursor } => ClientRequest::ListToolsRequest(ListToolsRequest::with_param(
            PaginatedRequestParams::default().with_cursor(cursor.clone()),
        )),
    };
    message.extensions_mut().insert(exchange.clone());
    message
}

/// Tells the server that nobody waits any more; it may take that as it likes.
fn cancel(handle: RequestHandle<RoleClient>, why: &CallError) {
    let reason = why.to_string();
    tokio::spawn(async move { handle.cancel(Some(reason)).await });
}

/// What lies at the bottom of an error: the layers above it say where it passed, not what it is.
pub fn deepest(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = super::http::client_error(deepest).or_else(|| deepest.source()) {
        deepest = source;
    }
    super::http::without_address(deepest).unwrap_or_else(|| deepest.to_string())
}
