//! Starts the exchanges of a connection, each as a task.

use super::connection::Connection;
use super::exchange::{Exchange, notify};
use super::standard_headers::standard_headers;
use super::verdict::Sent as Message;
use crate::mcp::client::Client;
use crate::mcp::error::CallError;
use crate::mcp::handshake::{Transport, WITHOUT_INITIALIZE};
use crate::mcp::request::Request;
use bytes::Bytes;
use reqwest::header::HeaderValue;

impl Connection {
    /// Posts a registered request.
    pub fn send(&self, id: i64, request: &Request) {
        let Some(this) = self.this.upgrade() else { return };
        if self.client.is_stateless() && request.method == "tools/call" && request.headers.is_none() {
            self.client.settle(id, Err(CallError::HeadersUnknown), false);
            return;
        }
        let mut state = self.state.lock();
        let message = match request.method.as_str() {
            "initialize" | "server/discover" => Message::Start,
            _ => Message::Request { in_session: state.session.is_some() },
        };
        let standard = if state.without_initialize { standard_headers(request) } else { Vec::new() };
        self.client.write(id, request, |body, sent| {
            let exchange = Exchange { id, message, standard, body: Bytes::from(body), sent };
            let post = self.runtime.spawn(async move {
                exchange.run(&this).await;
                this.state.lock().posts.remove(&id);
            });
            state.posts.insert(id, post.abort_handle());
            true
        });
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
        notify(self, Bytes::from(message)).await
    }

    fn set_version(&self, version: &str) {
        let mut state = self.state.lock();
        state.version = HeaderValue::from_str(version).ok();
        state.without_initialize = version == WITHOUT_INITIALIZE;
    }
}
