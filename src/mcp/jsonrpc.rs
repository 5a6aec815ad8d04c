//! JSON-RPC 2.0 messages as text: reads what a server writes, and writes what a client sends.
//!
//! Results, parameters and error data stay text, to the letter. Only JavaScript knows what they mean.

mod members;

use super::error::CallError;
use super::request::{Outcome, Request};
pub use members::members;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// The largest whole number that every JSON parser reads exactly.
const MAX_SAFE: f64 = 9_007_199_254_740_991.0;

/// A message from a server.
#[derive(Debug)]
pub enum Incoming {
    /// The answer to a request of ours.
    Response {
        /// The request that it names.
        id: Id,
        /// The result's text, or the server's error.
        outcome: Outcome,
    },
    /// A request of the server's.
    Request {
        /// Its id, as the JSON text to send back.
        id: String,
        /// The method.
        method: String,
        /// The parameters' text.
        params: Option<String>,
    },
    /// A notification.
    Notification {
        /// The method.
        method: String,
        /// The parameters' text.
        params: Option<String>,
    },
    /// No JSON-RPC message.
    Invalid,
}

/// The request that a response names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// A number, as ours are. Some servers send `"7"` or `7.0` back for `7`.
    Number(i64),
    /// `null`, or nothing.
    Null,
    /// An id that no request of ours has.
    Foreign,
}

/// Reads a message, or each message of a batch. Invalid UTF-8 is replaced, as the JavaScript SDK does.
pub fn read(bytes: &[u8]) -> Vec<Incoming> {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('[') {
        return vec![read_one(text)];
    }
    match serde_json::from_str::<Vec<&RawValue>>(text) {
        Ok(batch) if !batch.is_empty() => batch.into_iter().map(|message| read_one(message.get())).collect(),
        _ => vec![Incoming::Invalid],
    }
}

fn read_one(text: &str) -> Incoming {
    let Some([raw_id, method, params, result, error]) = members(text, ["id", "method", "params", "result", "error"])
    else {
        return Incoming::Invalid;
    };
    let id = raw_id.map_or(Id::Null, id_of);
    if let Some(method) = method.filter(|method| method.get().starts_with('"')) {
        let method = text_of(method);
        let params = params.map(|params| params.get().to_owned());
        return match raw_id.filter(|_| id != Id::Null) {
            Some(id) => Incoming::Request { id: id.get().to_owned(), method, params },
            None => Incoming::Notification { method, params },
        };
    }
    let outcome = match (error.filter(|error| error.get() != "null"), result) {
        (Some(error), _) => Err(refusal_of(error)),
        (None, Some(result)) => Ok(result.get().to_owned()),
        (None, None) if id == Id::Null => return Incoming::Invalid,
        (None, None) => {
            let message = "neither a result nor an error".to_owned();
            Err(CallError::Refused { code: None, message, data: None, retry: None })
        }
    };
    Incoming::Response { id, outcome }
}

fn id_of(id: &RawValue) -> Id {
    let text = id.get();
    if text == "null" {
        return Id::Null;
    }
    let digits = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text).trim();
    if let Ok(number) = digits.parse() {
        return Id::Number(number);
    }
    match digits.parse::<f64>() {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 2^53")]
        Ok(number) if number.fract() == 0.0 && number.abs() <= MAX_SAFE => Id::Number(number as i64),
        _ => Id::Foreign,
    }
}

/// Reads a server's error. A server may leave out, or misspell, any part of it.
fn refusal_of(error: &RawValue) -> CallError {
    let Some([code, message, data]) = members(error.get(), ["code", "message", "data"]) else {
        return CallError::Refused { code: None, message: text_of(error), data: None, retry: None };
    };
    CallError::Refused {
        code: code.and_then(|code| code.get().parse().ok()),
        message: message.map(text_of).unwrap_or_default(),
        data: data.map(|data| data.get().to_owned()),
        retry: None,
    }
}

/// The text of a JSON string, or the JSON of any other value.
fn text_of(value: &RawValue) -> String {
    serde_json::from_str::<Cow<'_, str>>(value.get()).map_or_else(|_| value.get().to_owned(), Cow::into_owned)
}

/// Reads the number of the request that a progress notification is about.
pub fn progress_token(params: &str) -> Option<i64> {
    let [token] = members(params, ["progressToken"])?;
    match id_of(token?) {
        Id::Number(number) => Some(number),
        Id::Null | Id::Foreign => None,
    }
}

/// Reads the number of the request that opened the subscription of a notification.
pub fn subscription_id(params: &str) -> Option<i64> {
    let [meta] = members(params, ["_meta"])?;
    let [id] = members(meta?.get(), ["io.modelcontextprotocol/subscriptionId"])?;
    match id_of(id?) {
        Id::Number(number) => Some(number),
        Id::Null | Id::Foreign => None,
    }
}

/// Writes a request. `meta` are the members of its `_meta`, as JSON text without the braces.
pub fn request(number: i64, request: &Request, meta: &str) -> Vec<u8> {
    let Request { method, params, .. } = request;
    let mut text = format!(r#"{{"jsonrpc":"2.0","id":{number},"method":{}"#, quoted(method));
    text.reserve(params.len() + meta.len() + 32);
    if meta.is_empty() {
        if !params.is_empty() {
            text.extend([r#","params":"#, params]);
        }
    } else {
        text.extend([r#","params":{"_meta":{"#, meta, "}"]);
        let rest = params.trim_start().strip_prefix('{').unwrap_or("}").trim_start();
        if !rest.starts_with('}') {
            text.push(',');
        }
        text.push_str(rest);
    }
    text.push('}');
    one_line(text)
}

/// Writes a notification; `params` is JSON text, or empty.
pub fn notification(method: &str, params: &str) -> Vec<u8> {
    let params = if params.is_empty() { String::new() } else { format!(r#","params":{params}"#) };
    one_line(format!(r#"{{"jsonrpc":"2.0","method":{}{params}}}"#, quoted(method)))
}

/// Writes the notification that tells a server to stop working on a request.
pub fn cancelled(number: i64, reason: &str) -> Vec<u8> {
    let params = format!(r#"{{"requestId":{number},"reason":{}}}"#, quoted(reason));
    notification("notifications/cancelled", &params)
}

/// Writes the reply to a request of the server's. `answer` is the member `result` or `error`, as JSON text.
pub fn reply(id: &str, answer: &str) -> Vec<u8> {
    one_line(format!(r#"{{"jsonrpc":"2.0","id":{id},{answer}}}"#))
}

/// Writes the reply to a ping.
pub fn pong(id: &str) -> Vec<u8> {
    reply(id, r#""result":{}"#)
}

/// Writes the refusal of a request that the client has not announced.
pub fn no_such_method(id: &str) -> Vec<u8> {
    reply(id, r#""error":{"code":-32601,"message":"Method not found"}"#)
}

/// Writes the refusal of a request of a server that has too many without an answer.
pub fn busy(id: &str) -> Vec<u8> {
    reply(id, r#""error":{"code":-32000,"message":"Too many requests at once"}"#)
}

/// Reads the id of the request that a server takes back, as JSON text.
pub fn cancelled_id(params: &str) -> Option<&str> {
    let [id] = members(params, ["requestId"])?;
    id.map(RawValue::get)
}

/// Quotes a text as JSON.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Escapes the two characters that JSON allows in a string, and that Node.js's `readline` takes for the end of a line.
fn one_line(text: String) -> Vec<u8> {
    if text.contains(['\u{2028}', '\u{2029}']) {
        return text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029").into_bytes();
    }
    text.into_bytes()
}

#[cfg(test)]
mod tests;
