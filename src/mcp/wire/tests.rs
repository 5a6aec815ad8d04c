use super::*;
use rmcp::model::{CallToolRequest, CallToolRequestParams, ListToolsRequest, ProgressToken};
use serde_json::{Value, json};
use std::sync::Arc;

/// 1 is awaited as text, 2 by the SDK, nothing else.
fn awaited(number: i64) -> Awaited {
    match number {
        1 => Awaited::Raw,
        2 => Awaited::Typed,
        _ => Awaited::No,
    }
}

fn kind(line: &str) -> &'static str {
    match read(line.as_bytes(), awaited) {
        Incoming::Answer(..) => "answer",
        Incoming::Progress(..) => "progress",
        Incoming::Log(_) => "log",
        Incoming::Message(_) => "message",
        Incoming::Unneeded => "unneeded",
        Incoming::Garbage => "garbage",
    }
}

#[test]
fn what_a_line_is() {
    for (line, expected) in [
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "answer"),
        (r#"{"result":{"content":[]},"jsonrpc":"2.0","id":1}"#, "answer"),
        (r#"{"jsonrpc":"2.0","id":"1","result":{}}"#, "answer"),
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "garbage"),
        (r#"{"jsonrpc":"2.0","id":2,"result":{}}"#, "message"),
        (r#"{"jsonrpc":"2.0","id":3,"result":{}}"#, "unneeded"),
        (r#"{"jsonrpc":"2.0","id":"x","result":{}}"#, "garbage"),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "garbage"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#, "message"),
        (r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}"#, "message"),
        (r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#, "garbage"),
        (r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#, "message"),
        (
            r#"{"jsonrpc":"2.0","id":9,"method":"sampling/createMessage","params":{"messages":[],"maxTokens":1}}"#,
            "message",
        ),
        (r#"{"jsonrpc":"2.0","id":9,"method":"made/up"}"#, "message"),
        (r#"{"jsonrpc":"2.0","method":"made/up"}"#, "unneeded"),
        (r#"{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}"#, "unneeded"),
        (r#"{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}"#, "log"),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":7,"progress":1}}"#,
            "progress",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"x","progress":1}}"#,
            "unneeded",
        ),
        (r#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":9}}"#, "message"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}"#, "garbage"),
        (r#"[{"jsonrpc":"2.0","id":1,"result":{}}]"#, "garbage"),
        ("Server listening on stdio", "garbage"),
        ("{}", "garbage"),
        ("null", "garbage"),
        ("12", "garbage"),
    ] {
        assert_eq!(kind(line), expected, "{line}");
    }
}

#[test]
fn an_answer_is_passed_on_to_the_letter() {
    let line = r#"{"jsonrpc":"2.0","id":1,"result": {"b":1.0, "a":12345678901234567890, "c":"\u00e9"} }"#;
    let Incoming::Answer(1, result) = read(line.as_bytes(), awaited) else { panic!("no answer") };
    assert_eq!(result, r#"{"b":1.0, "a":12345678901234567890, "c":"\u00e9"}"#);
}

#[test]
fn invalid_utf8_is_replaced() {
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"\xff\"}}";
    let Incoming::Answer(1, result) = read(line, awaited) else { panic!("no answer") };
    assert_eq!(result, "{\"text\":\"\u{fffd}\"}");
}

fn call(progress: bool, meta: Option<RequestMetaObject>) -> Value {
    let progress = progress.then(|| Arc::new(|_| {}) as super::super::Progress);
    let request = Request::CallTool { tool: "say \"hi\"".to_owned(), arguments: r#"{"x":1.50}"#.to_owned() };
    let mut message = CallToolRequest::new(CallToolRequestParams::new("say"));
    message.extensions.insert(Exchange::new(Arc::new(request), progress));
    message
        .extensions
        .insert(meta.unwrap_or_else(|| RequestMetaObject::with_progress_token(ProgressToken(RequestId::Number(4)))));
    let line = write(&JsonRpcMessage::request(ClientRequest::CallToolRequest(message), RequestId::Number(3)));
    let line = line.expect("it can be written");
    assert!(String::from_utf8_lossy(&line).contains(r#""arguments":{"x":1.50}"#), "to the letter");
    serde_json::from_slice(&line).expect("it is JSON")
}

#[test]
fn a_call_is_sent_as_it_was_given() {
    let params = json!({ "name": "say \"hi\"", "arguments": { "x": 1.5 } });
    assert_eq!(call(false, None), json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params }));
    assert_eq!(call(true, None)["params"]["_meta"], json!({ "progressToken": 4 }));
    let mut meta = RequestMetaObject::new();
    meta.insert("io.modelcontextprotocol/protocolVersion".to_owned(), json!("2026-07-28"));
    assert_eq!(
        call(false, Some(meta))["params"]["_meta"],
        json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28" })
    );
}

#[test]
fn other_messages_are_the_sdks() {
    let message = ClientRequest::ListToolsRequest(ListToolsRequest::default());
    let line = write(&JsonRpcMessage::request(message, RequestId::Number(5))).expect("it can be written");
    let value: Value = serde_json::from_slice(&line).expect("it is JSON");
    assert_eq!((&value["id"], &value["method"]), (&json!(5), &json!("tools/list")));
}
