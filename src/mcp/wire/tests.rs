use super::*;
use rmcp::model::{ProgressToken, RequestId};
use serde_json::{Value, json};

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
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"#, "answer"),
        (r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#, "message"),
        (r#"{"jsonrpc":"2.0","id":3,"error":{"code":-32601,"message":"no"}}"#, "unneeded"),
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
    let Incoming::Answer(1, Ok(result)) = read(line.as_bytes(), awaited) else { panic!("no answer") };
    assert_eq!(result, r#"{"b":1.0, "a":12345678901234567890, "c":"\u00e9"}"#);
}

#[test]
fn invalid_utf8_is_replaced() {
    let line = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"\xff\"}}";
    let Incoming::Answer(1, Ok(result)) = read(line, awaited) else { panic!("no answer") };
    assert_eq!(result, "{\"text\":\"\u{fffd}\"}");
}

fn written(request: &Request, meta: Option<&RequestMetaObject>) -> Value {
    let line = write(3, request, meta).expect("it can be written");
    assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1), "one line");
    serde_json::from_slice(&line).expect("it is JSON")
}

#[test]
fn a_call_is_sent_as_it_was_given() {
    let request = Request::CallTool { tool: "say \"hi\"".to_owned(), arguments: r#"{"x":1.50}"#.to_owned() };
    let line = write(3, &request, None).expect("it can be written");
    assert!(String::from_utf8_lossy(&line).contains(r#""arguments":{"x":1.50}"#), "to the letter");
    let params = json!({ "name": "say \"hi\"", "arguments": { "x": 1.5 } });
    let expected = json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": params });
    assert_eq!(written(&request, None), expected);
    let mut meta = RequestMetaObject::with_progress_token(ProgressToken(RequestId::Number(4)));
    meta.insert("io.modelcontextprotocol/protocolVersion".to_owned(), json!("2026-07-28"));
    assert_eq!(
        written(&request, Some(&meta))["params"]["_meta"],
        json!({ "progressToken": 4, "io.modelcontextprotocol/protocolVersion": "2026-07-28" })
    );
}

#[test]
fn a_page_of_tools_is_asked_for() {
    let page = |cursor: Option<&str>| {
        let request = Request::ListTools { cursor: cursor.map(str::to_owned) };
        written(&request, None)
    };
    assert_eq!(page(None), json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/list", "params": {} }));
    assert_eq!(page(Some("2"))["params"], json!({ "cursor": "2" }));
}

#[test]
fn an_error_keeps_what_it_says() {
    let line = br#"{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no","data":{"a": 1.0}}}"#;
    let Incoming::Answer(1, Err(CallError::Refused { code, message, data })) = read(line, awaited) else {
        panic!("no error")
    };
    assert_eq!((code, message.as_str(), data.as_deref()), (-32602, "no", Some(r#"{"a": 1.0}"#)));
}
