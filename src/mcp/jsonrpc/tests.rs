use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Names the messages of a line.
fn kinds(line: &str) -> String {
    let kind = |message: &Incoming| match message {
        Incoming::Response { id, outcome: Ok(result) } => format!("result {result} of {id:?}"),
        Incoming::Response { id, outcome: Err(error) } => format!("{error} of {id:?}"),
        Incoming::Request { id, method, .. } => format!("request {id} {method}"),
        Incoming::Notification { method, params } => {
            format!("notification {method} {}", params.as_deref().unwrap_or("-"))
        }
        Incoming::Invalid => "invalid".to_owned(),
    };
    read(line.as_bytes()).iter().map(kind).collect::<Vec<_>>().join("; ")
}

#[test]
fn each_kind_of_message_is_recognized() {
    for (line, expected) in [
        (r#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "result {} of Number(1)"),
        (r#"{"result":{"content":[]},"jsonrpc":"2.0","id":1}"#, r#"result {"content":[]} of Number(1)"#),
        (r#"{"jsonrpc":"2.0","id":1,"result":null}"#, "result null of Number(1)"),
        (r#"{"jsonrpc":"2.0","id":1,"result":{},"error":null}"#, "result {} of Number(1)"),
        (r#"{"jsonrpc":"2.0","id":9,"method":"ping"}"#, "request 9 ping"),
        (r#"{"jsonrpc":"2.0","id":"a\u0062","method":"made/up"}"#, r#"request "a\u0062" made/up"#),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "notification ping -"),
        (r#"{"jsonrpc":"2.0","method":"made/up","params":{"a":1}}"#, r#"notification made/up {"a":1}"#),
        (r#"{"jsonrpc":"2.0","result":{}}"#, "result {} of Null"),
        (
            r#"{"jsonrpc":"2.0","id":1}"#,
            "the server answered with an error: neither a result nor an error of Number(1)",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"result":{}"#, "invalid"),
        ("Server listening on stdio", "invalid"),
        ("{}", "invalid"),
        ("[]", "invalid"),
        ("null", "invalid"),
        ("12", "invalid"),
        ("", "invalid"),
    ] {
        assert_eq!(kinds(line), expected, "{line}");
    }
}

#[test]
fn an_id_is_a_number_in_any_notation() {
    for (id, expected) in [
        ("7", Id::Number(7)),
        ("\"7\"", Id::Number(7)),
        ("\" 7 \"", Id::Number(7)),
        ("7.0", Id::Number(7)),
        ("\"7.0\"", Id::Number(7)),
        ("1.07e9", Id::Number(1_070_000_000)),
        ("-3", Id::Number(-3)),
        ("null", Id::Null),
        ("7.5", Id::Foreign),
        ("1e300", Id::Foreign),
        ("\"abc\"", Id::Foreign),
        ("\"\"", Id::Foreign),
        ("true", Id::Foreign),
        ("{}", Id::Foreign),
        ("[7]", Id::Foreign),
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":1}}"#);
        let [Incoming::Response { id: read, .. }] = &read(line.as_bytes())[..] else { panic!("{line}") };
        assert_eq!(*read, expected, "{line}");
    }
}

#[test]
fn an_error_is_read_in_any_notation() {
    for (error, code, message, data) in [
        (r#"{"code":-32602,"message":"no","data":{"a": 1.0}}"#, Some(-32602.0), "no", Some(r#"{"a": 1.0}"#)),
        (r#"{"code":1.5e3,"message":"no"}"#, Some(1500.0), "no", None),
        (r#"{"code":12345678901,"message":"no"}"#, Some(12_345_678_901.0), "no", None),
        (r#"{"code":"E1","message":"no"}"#, None, "no", None),
        (r#"{"message":{"text":"no"}}"#, None, r#"{"text":"no"}"#, None),
        (r#"{"message":"half \ud83d"}"#, None, r#""half \ud83d""#, None),
        ("{}", None, "", None),
        (r#""no""#, None, "no", None),
        ("[1]", None, "[1]", None),
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{error}}}"#);
        let [Incoming::Response { outcome: Err(CallError::Refused { code: c, message: m, data: d, .. }), .. }] =
            &read(line.as_bytes())[..]
        else {
            panic!("{line}")
        };
        assert_eq!((*c, m.as_str(), d.as_deref()), (code, message, data), "{line}");
    }
}

#[test]
fn a_result_is_passed_on_unchanged() {
    for result in [
        r#"{"b":1.0, "a":12345678901234567890, "c":"\u00e9", "b":2}"#,
        r#"{"half":"\ud83d","\ud800":1}"#,
        "1e400",
        r#""\u2028""#,
    ] {
        let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result": {result} }}"#);
        assert_eq!(kinds(&line), format!("result {result} of Number(1)"));
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"result":{deep}}}"#);
    assert_eq!(kinds(&line), format!("result {deep} of Number(1)"));
}

#[test]
fn the_last_of_duplicate_keys_counts() {
    let line = r#"{"id":1,"result":"first","id":2,"jsonrpc":"2.0","jsonrpc":"2.0","result":"last"}"#;
    assert_eq!(kinds(line), r#"result "last" of Number(2)"#);
}

#[test]
fn a_batch_is_read_message_by_message() {
    let line = r#" [{"jsonrpc":"2.0","id":1,"result":1}, 7, {"jsonrpc":"2.0","id":3,"method":"ping"}]"#;
    assert_eq!(kinds(line), "result 1 of Number(1); invalid; request 3 ping");
}

#[test]
fn a_byte_order_mark_and_invalid_utf8_do_no_harm() {
    assert_eq!(kinds("\u{feff}{\"id\":1,\"result\":1}"), "result 1 of Number(1)");
    let [Incoming::Response { outcome: Ok(result), .. }] = &read(b"{\"id\":1,\"result\":{\"text\":\"\xff\"}}")[..]
    else {
        panic!("no answer")
    };
    assert_eq!(result, "{\"text\":\"\u{fffd}\"}");
}

#[test]
fn progress_is_matched_by_its_token() {
    for (params, expected) in [
        (r#"{"progressToken":7,"progress":1}"#, Some(7)),
        (r#"{"progressToken":"7"}"#, Some(7)),
        (r#"{"progressToken":7.0}"#, Some(7)),
        (r#"{"progressToken":"x"}"#, None),
        ("{}", None),
        ("[]", None),
        ("", None),
    ] {
        assert_eq!(progress_token(params), expected, "{params}");
    }
}

fn written(method: &str, params: &str, meta: &str) -> String {
    let request = Request::new(method, params);
    String::from_utf8(super::request(3, &request, meta)).expect("UTF-8")
}

#[test]
fn a_request_is_written_as_it_was_given() {
    let start = r#"{"jsonrpc":"2.0","id":3,"method":"tools/call""#;
    for (params, meta, expected) in [
        ("", "", "}"),
        ("{}", "", r#","params":{}}"#),
        (r#"{"x":1.50}"#, "", r#","params":{"x":1.50}}"#),
        ("", r#""a":1"#, r#","params":{"_meta":{"a":1}}}"#),
        (" { } ", r#""a":1"#, r#","params":{"_meta":{"a":1}} }"#),
        (r#"{"x":1.50}"#, r#""a":1"#, r#","params":{"_meta":{"a":1},"x":1.50}}"#),
    ] {
        let text = written("tools/call", params, meta);
        assert_eq!(text, format!("{start}{expected}"));
        serde_json::from_str::<Value>(&text).expect("JSON");
    }
}

#[test]
fn a_message_is_one_line_for_every_reader() {
    let params = json!({ "text": "a\u{2028}b\u{2029}c\nd" }).to_string();
    let text = written("say \"hi\"\u{2028}", &params, "");
    assert!(!text.contains(['\u{2028}', '\u{2029}', '\n']), "{text}");
    let read: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(read["params"]["text"], "a\u{2028}b\u{2029}c\nd");
    assert_eq!(read["method"], "say \"hi\"\u{2028}");
    assert!(!String::from_utf8_lossy(&cancelled(1, "a\u{2028}")).contains('\u{2028}'));
}

#[test]
fn a_reply_has_the_id_of_its_request() {
    let read = |reply: Vec<u8>| serde_json::from_slice::<Value>(&reply).expect("JSON");
    assert_eq!(read(pong("\"p\"")), json!({ "jsonrpc": "2.0", "id": "p", "result": {} }));
    let refusal = json!({ "code": -32601, "message": "Method not found" });
    assert_eq!(read(no_such_method("7.0")), json!({ "jsonrpc": "2.0", "id": 7.0, "error": refusal }));
    let answered = reply("1", "\"result\":{\"a\":\"\u{2028}\"}");
    assert!(!String::from_utf8_lossy(&answered).contains('\u{2028}'));
    assert_eq!(read(answered), json!({ "jsonrpc": "2.0", "id": 1, "result": { "a": "\u{2028}" } }));
}

#[test]
fn a_cancellation_names_its_request() {
    assert_eq!(cancelled_id(r#"{"requestId":"a","reason":"late"}"#), Some(r#""a""#));
    assert_eq!(cancelled_id(r#"{"requestId":7}"#), Some("7"));
    assert_eq!(cancelled_id("{}"), None);
    assert_eq!(cancelled_id("[]"), None);
}

proptest! {
    #[test]
    fn random_bytes_cause_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for message in read(&bytes) {
            if let Incoming::Notification { params: Some(params), .. } = message {
                progress_token(&params);
            }
        }
    }

    #[test]
    fn json_like_text_causes_no_panic(text in r#"[\[{](["\\{}\[\],:0-9eE.u-]|id|result|error|method){0,60}"#) {
        read(text.as_bytes());
    }
}
