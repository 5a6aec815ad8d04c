//! Lines of JSON-RPC: which of them the SDK has to see, and the text of those that it need not.

use super::error::CallError;
use super::request::{Outcome, Request};
use rmcp::model::{RequestMetaObject, ServerJsonRpcMessage};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What a line from a server is.
#[derive(Debug)]
pub enum Incoming {
    /// The result of one of our requests, or the server's error, whose number is known to be awaited.
    Answer(i64, Outcome),
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
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default)]
    result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Refusal<'a> {
    code: i32,
    message: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// Which of our numbers an id is; some servers send them back as strings.
fn number_of(id: &RawValue) -> Option<i64> {
    let text = id.get();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).parse().ok()
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
    let number = frame.id.and_then(number_of);
    match (frame.method.as_deref(), frame.result, number) {
        (None, Some(result), Some(number)) => match awaited(number) {
            Awaited::Raw => Incoming::Answer(number, Ok(result.get().to_owned())),
            Awaited::Typed => typed(text),
            Awaited::No => Incoming::Unneeded,
        },
        (None, None, number) if let Some(error) = frame.error => match number.map_or(Awaited::Typed, &awaited) {
            Awaited::Raw => refused(number.unwrap_or_default(), error),
            Awaited::Typed => typed(text),
            Awaited::No => Incoming::Unneeded,
        },
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

fn refused(number: i64, error: &RawValue) -> Incoming {
    let Ok(Refusal { code, message, data }) = serde_json::from_str(error.get()) else { return Incoming::Garbage };
    let data = data.map(|data| data.get().to_owned());
    Incoming::Answer(number, Err(CallError::Refused { code, message, data }))
}

fn typed(text: &str) -> Incoming {
    serde_json::from_str(text).map_or(Incoming::Garbage, |message| Incoming::Message(Box::new(message)))
}

/// A request of ours as a line.
///
/// # Errors
/// serde's, which nothing that can be asked causes.
pub fn write(number: i64, request: &Request, meta: Option<&RequestMetaObject>) -> serde_json::Result<Vec<u8>> {
    let (method, tool, cursor) = match request {
        Request::CallTool { tool, .. } => ("tools/call", Some(tool.as_str()), None),
        Request::ListTools { cursor } => ("tools/list", None, cursor.as_deref()),
    };
    let message = Message { jsonrpc: "2.0", id: number, method, params: Params { meta, name: tool, cursor } };
    let mut line = serde_json::to_vec(&message)?;
    if let Request::CallTool { arguments, .. } = request {
        // They are JSON already, and go in before the two braces that close parameters and message.
        line.truncate(line.len() - 2);
        line.reserve(arguments.len() + 16);
        line.extend_from_slice(b",\"arguments\":");
        line.extend_from_slice(arguments.as_bytes());
        line.extend_from_slice(b"}}");
    }
    line.push(b'\n');
    Ok(line)
}

#[derive(Serialize)]
struct Message<'a> {
    jsonrpc: &'static str,
    id: i64,
    method: &'static str,
    params: Params<'a>,
}

#[derive(Serialize)]
struct Params<'a> {
    #[serde(rename = "_meta", skip_serializing_if = "Option::is_none")]
    meta: Option<&'a RequestMetaObject>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<&'a str>,
}

#[cfg(test)]
mod tests;
