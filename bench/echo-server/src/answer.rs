//! Answers to JSON-RPC messages.

use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt::Display;

const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const SERVER: &str = r#""capabilities":{"tools":{}},"serverInfo":{"name":"echo","version":"1.0.0"}"#;
const TOOLS: &str = concat!(
    r#"{"tools":[{"name":"echo","description":"Answers with the message","inputSchema":{"type":"object","#,
    r#""properties":{"message":{"type":"string"}},"required":["message"]}}]}"#
);

const PARSE_ERROR: i32 = -32700;
const METHOD_NOT_FOUND: i32 = -32601;
const INVALID_PARAMS: i32 = -32602;

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Params<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Params<'a> {
    #[serde(borrow, rename = "protocolVersion")]
    version: Option<Cow<'a, str>>,
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arguments: Arguments<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments<'a> {
    #[serde(borrow)]
    message: Option<&'a RawValue>,
}

/// Answers a message; a notification, and an answer of the client's, needs none.
pub fn answer(message: &[u8]) -> Option<String> {
    let Ok(message) = serde_json::from_slice::<Message>(message) else {
        return Some(error("null", PARSE_ERROR, "not a JSON-RPC message"));
    };
    let id = message.id?.get();
    let params = &message.params;
    Some(match message.method?.as_ref() {
        "initialize" => result(id, format_args!(r#"{{"protocolVersion":"{}",{SERVER}}}"#, version(params))),
        "ping" => result(id, "{}"),
        "tools/list" => result(id, TOOLS),
        "tools/call" => call(id, params),
        _ => error(id, METHOD_NOT_FOUND, "Method not found"),
    })
}

/// Returns the version that the client proposes where it is known, else the newest.
fn version(params: &Params) -> &'static str {
    VERSIONS.into_iter().find(|version| params.version.as_deref() == Some(version)).unwrap_or(VERSIONS[0])
}

/// Repeats the message to the letter: its JSON text is not decoded.
fn call(id: &str, params: &Params) -> String {
    let text = params.arguments.message.and_then(|message| message.get().strip_prefix('"'));
    match (params.name.as_deref(), text) {
        (Some("echo"), Some(text)) => {
            result(id, format_args!(r#"{{"content":[{{"type":"text","text":"Echo: {text}}}]}}"#))
        }
        (Some("echo"), None) => error(id, INVALID_PARAMS, "message must be a string"),
        _ => error(id, INVALID_PARAMS, "Unknown tool"),
    }
}

fn result(id: &str, result: impl Display) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
}

fn error(id: &str, code: i32, message: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{"code":{code},"message":"{message}"}}}}"#)
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn repeats_message_and_id_to_the_letter() {
        let request = r#"{"jsonrpc":"2.0","id":"7.0","method":"tools/call",
            "params":{"name":"echo","arguments":{"message":"\ud800 \"a\" é"}}}"#;
        let expected =
            r#"{"jsonrpc":"2.0","id":"7.0","result":{"content":[{"type":"text","text":"Echo: \ud800 \"a\" é"}]}}"#;
        assert_eq!(answer(request.as_bytes()).as_deref(), Some(expected));
    }

    #[test]
    fn settles_on_a_version_that_it_knows() {
        let settled = |proposed: &str| {
            let request = format!(
                r#"{{"id":1,"method":"initialize","params":{{"protocolVersion":"{proposed}","capabilities":{{}}}}}}"#
            );
            let answer = answer(request.as_bytes()).unwrap();
            serde_json::from_str::<serde_json::Value>(&answer).unwrap()["result"]["protocolVersion"].clone()
        };
        assert_eq!(settled("2025-06-18"), "2025-06-18");
        assert_eq!(settled("1999-01-01"), "2025-11-25");
    }

    #[test]
    fn answers_no_notification_and_no_answer() {
        assert_eq!(answer(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#), None);
        assert_eq!(answer(br#"{"jsonrpc":"2.0","id":1,"result":{}}"#), None);
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        for (request, code) in [
            ("{", -32700),
            (r#"{"id":1,"method":"resources/list"}"#, -32601),
            (r#"{"id":1,"method":"tools/call","params":{"name":"other"}}"#, -32602),
            (r#"{"id":1,"method":"tools/call","params":{"name":"echo","arguments":{"message":1}}}"#, -32602),
        ] {
            let answer = answer(request.as_bytes()).unwrap();
            assert!(answer.contains(&format!(r#""code":{code}"#)), "{answer}");
        }
    }
}
