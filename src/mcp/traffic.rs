//! Who waits for which of the messages of a server that is reached over HTTP.

use super::exchange::Exchange;
use super::heard::Heard;
use super::wire::{Awaited, Incoming};
use parking_lot::Mutex;
use rmcp::model::{
    ClientJsonRpcMessage, ClientNotification, EmptyResult, GetExtensions, JsonRpcMessage, RequestId, RequestMetaObject,
    ServerJsonRpcMessage, ServerResult,
};
use std::collections::HashMap;
use std::sync::Arc;

/// What is known of a server's messages.
#[derive(Debug, Default)]
pub struct Traffic {
    awaited: Mutex<HashMap<i64, Awaiting>>,
    /// What the server says besides its answers.
    pub heard: Arc<Heard>,
}

/// Where the SDK notes under which name it wants to hear of progress.
const TOKEN: &str = "progressToken";

/// Who waits for the response to a request; nobody here where the SDK does.
#[derive(Debug)]
struct Awaiting {
    exchange: Option<Exchange>,
    progress_token: Option<i64>,
}

impl Traffic {
    /// Notes a request before it is sent, and a cancellation, after which nobody waits any more.
    pub fn outgoing(&self, message: &ClientJsonRpcMessage) -> Option<Exchange> {
        if let JsonRpcMessage::Notification(notification) = message
            && let ClientNotification::CancelledNotification(cancelled) = &notification.notification
            && let Some(RequestId::Number(number)) = cancelled.params.request_id
        {
            self.forget(number);
        }
        let JsonRpcMessage::Request(request) = message else { return None };
        let RequestId::Number(number) = request.id else { return None };
        let extensions = request.request.extensions();
        let exchange = extensions.get::<Exchange>().cloned();
        let progress_token = extensions.get::<RequestMetaObject>().and_then(|meta| meta.get(TOKEN)?.as_i64());
        self.awaited.lock().insert(number, Awaiting { exchange: exchange.clone(), progress_token });
        exchange
    }

    /// Forgets a request that was given up.
    pub fn forget(&self, number: i64) {
        self.awaited.lock().remove(&number);
    }

    /// How the response with this number is awaited.
    pub fn awaited(&self, number: i64) -> Awaited {
        match self.awaited.lock().get(&number) {
            Some(Awaiting { exchange: Some(_), .. }) => Awaited::Raw,
            Some(_) => Awaited::Typed,
            None => Awaited::No,
        }
    }

    /// What the SDK has to see of a message; nothing of most.
    pub fn sort(&self, incoming: Incoming) -> Option<ServerJsonRpcMessage> {
        match incoming {
            Incoming::Answer(number, outcome) => {
                if let Some(exchange) = self.awaited.lock().remove(&number)?.exchange {
                    exchange.answer(outcome);
                }
                // The SDK wakes whoever waits, and has nothing to read.
                Some(JsonRpcMessage::response(ServerResult::EmptyResult(EmptyResult {}), RequestId::Number(number)))
            }
            Incoming::Progress(token, params) => {
                let exchange = {
                    let awaited = self.awaited.lock();
                    let mut all = awaited.values();
                    all.find(|one| one.progress_token == Some(token)).and_then(|one| one.exchange.clone())
                };
                if let Some(exchange) = exchange {
                    exchange.tell_progress(params);
                }
                None
            }
            Incoming::Log(params) => {
                self.heard.keep(params.as_bytes());
                None
            }
            Incoming::Message(message) => {
                let number = match &*message {
                    JsonRpcMessage::Response(response) => Some(&response.id),
                    JsonRpcMessage::Error(error) => error.id.as_ref(),
                    _ => None,
                };
                if let Some(RequestId::Number(number)) = number {
                    self.forget(*number);
                }
                Some(*message)
            }
            Incoming::Unneeded | Incoming::Garbage => None,
        }
    }
}
