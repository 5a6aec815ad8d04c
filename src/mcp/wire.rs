//! Lines of JSON-RPC: which of them the SDK has to see, and the text of those that it need not.

use super::exchange::{Exchange, Request};
use rmcp::model::{
    ClientJsonRpcMessage, ClientRequest, GetExtensions, JsonRpcMessage, RequestId, RequestMetaObject,
    ServerJsonRpcMessage,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a line from a server is.
#[derive(Debug)]
pub enum Incoming {
    /// The result of one of our requests, whose number is known to be awaited.
    Answer(i64, String),
    /// Progress of the request with this token: the notification's parameters.
    Progress(i64, String),
    /// A log message: the notification's parameters.
    Log(String),
    /// What the SDK deals with: requests, errors, cancellations, and the handshake.
    Message(Box<ServerJsonRpcMessage>),
    /// A message that nobody waits for, such as a second answer.
    Unneeded,
    /// No message.
    Garbage,
}

/// How a response is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// As text.
    Raw,
    /// By the SDK.
    Typed,
    /// Not at all.
    No,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, default)]
    id: Option<Id<'a>>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id<'a> {
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl Id<'_> {
    /// Our numbers; some servers send them back as strings.
    fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

#[derive(Deserialize)]
struct ProgressParams {
    #[serde(rename = "progressToken")]
    token: i64,
}

/// Reads a line. Invalid UTF-8 is replaced, as the JavaScript SDK does.
pub fn read(line: &[u8], awaited: impl Fn(i64) -> Awaited) -> Incoming {
    match std::str::from_utf8(line) {
        Ok(text) => read_text(text, awaited),
        Err(_) => read_text(&String::from_utf8_lossy(line), awaited),
    }
}

fn read_text(text: &str, awaited: impl Fn(i64) -> Awaited) -> Incoming {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else { return Incoming::Garbage };
    let number = frame.id.as_ref().and_then(Id::number);
    match (frame.method.as_deref(), frame.result, number) {
        (None, Some(result), Some(number)) => match awaited(number) {
            Awaited::Raw => Incoming::Answer(number, result.get().to_owned()),
            Awaited::Typed => typed(text),
            Awaited::No => Incoming::Unneeded,
        },
        (None, None, _) if frame.error.is_some() => typed(text),
        (None, _, _) => Incoming::Garbage,
        (Some("notifications/progress"), _, None) => {
            let params = frame.params.map_or("", RawValue::get);
            let token = serde_json::from_str::<ProgressParams>(params);
            token.map_or(Incoming::Unneeded, |params_token| Incoming::Progress(params_token.token, params.to_owned()))
        }
        (Some("notifications/message"), ..) => {
            Incoming::Log(frame.params.map_or_else(String::new, |params| params.get().into()))
        }
        (Some("notifications/cancelled"), ..) => typed(text),
        (Some(_), _, None) if frame.id.is_none() => Incoming::Unneeded,
        (Some(_), ..) => typed(text),
    }
}

fn typed(text: &str) -> Incoming {
    serde_json::from_str(text).map_or(Incoming::Garbage, |message| Incoming::Message(Box::new(message)))
}

/// The exchange that a message belongs to, if it is one of ours, and the message's number.
pub fn exchange_of(message: &ClientJsonRpcMessage) -> Option<(i64, Exchange)> {
    let JsonRpcMessage::Request(message) = message else { return None };
    let exchange = message.request.extensions().get::<Exchange>()?.clone();
    let RequestId::Number(number) = message.id else { return None };
    Some((number, exchange))
}

/// The progress token that the SDK gave a request.
pub fn progress_token(message: &ClientJsonRpcMessage) -> Option<i64> {
    let JsonRpcMessage::Request(message) = message else { return None };
    let meta = message.request.extensions().get::<RequestMetaObject>()?;
    meta.get(TOKEN)?.as_i64()
}

const TOKEN: &str = "progressToken";

#[derive(Serialize)]
struct Call<'a> {
    jsonrpc: &'static str,
    id: i64,
    method: &'static str,
    params: CallParams<'a>,
}

#[derive(Serialize)]
struct CallParams<'a> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<RequestMetaObject>,
    name: &'a str,
}

/// A message as a line, without its end.
///
/// # Errors
/// serde's, which the messages of the SDK do not cause.
pub fn write(message: &ClientJsonRpcMessage) -> serde_json::Result<Vec<u8>> {
    if let Some((id, exchange)) = exchange_of(message)
        && let Request::CallTool { tool, arguments } = exchange.request()
    {
        let params = CallParams { meta: meta_of(message, exchange.wants_progress()), name: tool };
        let mut line = serde_json::to_vec(&Call { jsonrpc: "2.0", id, method: "tools/call", params })?;
        // The arguments are JSON already: they go in before the two braces that close parameters and message.
        line.truncate(line.len() - 2);
        line.extend_from_slice(b",\"arguments\":");
        line.extend_from_slice(arguments.as_bytes());
        line.extend_from_slice(b"}}");
        return Ok(line);
    }
    serde_json::to_vec(message)
}

/// The message's metadata. The SDK asks every server for progress; here only who wants to hear of it does.
fn meta_of(message: &ClientJsonRpcMessage, wants_progress: bool) -> Option<RequestMetaObject> {
    let JsonRpcMessage::Request(message) = message else { return None };
    let mut meta = match &message.request {
        ClientRequest::CallToolRequest(request) => request.extensions.get::<RequestMetaObject>()?.clone(),
        _ => return None,
    };
    if !wants_progress {
        meta.remove(TOKEN);
    }
    (!meta.is_empty()).then_some(meta)
}

#[cfg(test)]
mod tests;
