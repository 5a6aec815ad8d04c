use super::*;
use crate::mcp::retry_hint::RetryHeaders;
use parking_lot::Mutex;
use serde_json::{Value, json};

/// Answers each request at once from a table of methods and versions, or not at all if the answer is null.
struct Scripted {
    client: Client,
    answers: Vec<(&'static str, Value)>,
    asked: Mutex<Vec<String>>,
    version: Mutex<String>,
}

impl Transport for Scripted {
    fn client(&self) -> &Client {
        &self.client
    }

    fn send(&self, id: i64, request: &Request) {
        let params: Value = serde_json::from_str(&request.params).expect("JSON");
        let version = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
        let name = format!("{} {version}", request.method).trim().to_owned();
        let answer = self.answers.iter().find(|(asked, _)| *asked == name).map(|(_, answer)| answer.clone());
        self.asked.lock().push(name);
        if answer == Some(Value::Null) {
            return;
        }
        let mut message =
            answer.unwrap_or_else(|| json!({ "error": { "code": -32601, "message": "Method not found" } }));
        message["id"] = json!(id);
        for incoming in jsonrpc::read(message.to_string().as_bytes()) {
            self.client.handle(incoming, None, || Box::new(|_| {}));
        }
    }

    async fn notify(&self, message: Vec<u8>) -> Result<(), CallError> {
        let message: Value = serde_json::from_slice(&message).expect("JSON");
        let method = message["method"].as_str().unwrap_or_default();
        self.asked.lock().push(method.to_owned());
        if self.answers.iter().any(|(asked, answer)| *asked == method && answer.is_null()) {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    fn set_version(&self, version: &str) {
        version.clone_into(&mut self.version.lock());
    }
}

/// Shakes hands; returns what was asked, and the version or the error.
async fn shaken(protocol: Protocol, answers: &[(&'static str, Value)]) -> (Vec<String>, Result<String, String>) {
    let transport = Scripted {
        client: Client::default(),
        answers: answers.to_vec(),
        asked: Mutex::default(),
        version: Mutex::default(),
    };
    let outcome = shake_hands(&transport, protocol, "{}", Duration::from_secs(30)).await;
    let outcome = outcome.map(|()| transport.version.lock().clone()).map_err(|failure| match failure {
        HandshakeFailure::Refused(error) => error.to_string(),
        HandshakeFailure::Unanswered(method) => format!("no answer to {method}"),
    });
    (transport.asked.into_inner(), outcome)
}

fn agreed(version: &str) -> Value {
    json!({ "result": { "protocolVersion": version, "capabilities": {}, "serverInfo": {} } })
}

fn refused(supported: &[&str]) -> Value {
    json!({ "error": { "code": -32602, "message": "not this one", "data": { "supported": supported } } })
}

fn discovered(versions: &[&str]) -> Value {
    json!({ "result": { "supportedVersions": versions, "capabilities": {} } })
}

const NEW: &str = "initialize 2025-11-25";
const OLD: &str = "initialize 2025-06-18";
const INITIALIZED: &str = "notifications/initialized";

#[tokio::test]
async fn a_server_is_asked_for_2025_11_25_and_may_offer_any_other_version() {
    for version in ["2025-11-25", "2025-03-26", "2024-11-05", "2031-01-01"] {
        let (asked, outcome) = shaken(Protocol::Auto, &[(NEW, agreed(version))]).await;
        assert_eq!((asked, outcome), (vec![NEW.to_owned(), INITIALIZED.to_owned()], Ok(version.to_owned())));
    }
    let (_, outcome) = shaken(Protocol::Auto, &[(NEW, json!({ "result": {} }))]).await;
    assert_eq!(outcome, Ok("2025-11-25".to_owned()), "a server that names no version takes the proposal");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_answer_is_told_by_the_message() {
    let cases = [
        (Protocol::Auto, vec![(NEW, Value::Null)], "initialize"),
        (Protocol::Auto, vec![(NEW, agreed("2025-11-25")), (INITIALIZED, Value::Null)], INITIALIZED),
        (Protocol::Auto, vec![("server/discover", Value::Null)], "server/discover"),
        (Protocol::V2025, vec![(NEW, refused(&["2025-06-18"])), (OLD, Value::Null)], "initialize"),
        (Protocol::V2026, vec![("server/discover", Value::Null)], "server/discover"),
    ];
    for (protocol, answers, method) in cases {
        let (_, outcome) = shaken(protocol, &answers).await;
        assert_eq!(outcome, Err(format!("no answer to {method}")), "{answers:?}");
    }
}

#[tokio::test]
async fn a_refusal_is_followed_by_the_best_version_that_the_server_names() {
    for (supported, second, answer, version) in [
        (vec!["2024-11-05", "2025-06-18"], OLD, agreed("2025-06-18"), "2025-06-18"),
        (vec!["2025-06-18", "2025-11-25"], OLD, agreed("2025-06-18"), "2025-06-18"),
        (vec!["2026-07-28"], "server/discover", discovered(&["2026-07-28"]), "2026-07-28"),
        (vec!["2025-06-18", "2026-07-28"], "server/discover", discovered(&["2026-07-28"]), "2026-07-28"),
    ] {
        let (asked, outcome) = shaken(Protocol::Auto, &[(NEW, refused(&supported)), (second, answer)]).await;
        assert_eq!((asked[..2].to_vec(), outcome), (vec![NEW.to_owned(), second.to_owned()], Ok(version.to_owned())));
    }
}

#[tokio::test]
async fn a_server_without_initialize_is_found_by_discovery() {
    let answers = [("server/discover", discovered(&["2026-07-28"]))];
    for protocol in [Protocol::Auto, Protocol::V2026] {
        let (asked, outcome) = shaken(protocol, &answers).await;
        assert_eq!(outcome, Ok("2026-07-28".to_owned()));
        assert_eq!(asked.contains(&NEW.to_owned()), protocol == Protocol::Auto, "{protocol:?}");
    }
    let (asked, outcome) = shaken(Protocol::V2025, &answers).await;
    assert_eq!((asked.len(), outcome.is_err()), (1, true), "the option rules discovery out");
}

#[tokio::test]
async fn the_error_has_the_first_words_of_the_server() {
    let no = json!({ "error": { "code": -32000, "message": "set ADS_TOKEN first" } });
    let (asked, outcome) = shaken(Protocol::Auto, &[(NEW, no.clone())]).await;
    assert_eq!(asked, [NEW, "server/discover"]);
    assert!(outcome.expect_err("no session").contains("set ADS_TOKEN first"));
    let (asked, _) = shaken(Protocol::Auto, &[(NEW, refused(&["1999-01-01"]))]).await;
    assert_eq!(asked, [NEW], "no version in common");
    let (_, outcome) = shaken(Protocol::V2026, &[("server/discover", discovered(&["2027-01-01"]))]).await;
    assert!(outcome.expect_err("no session").contains("2027-01-01"));
}

#[test]
fn a_server_that_wants_to_be_left_alone_is_asked_nothing_else() {
    let refusal = |retry| CallError::Refused { code: None, message: String::new(), data: None, retry };
    let headers = RetryHeaders { after: Some("5".to_owned()), after_ms: None, date: None, received: 0 };
    let first = Step::Initialize(NEWEST_WITH_INITIALIZE);
    assert_eq!(next_step(&first, Protocol::Auto, &refusal(None)), Some(Step::Discover));
    assert_eq!(next_step(&first, Protocol::Auto, &refusal(Some(Box::new(headers)))), None);
}

#[tokio::test]
async fn an_answer_that_is_not_an_object_is_a_refusal() {
    for result in [json!(null), json!([]), json!("yes")] {
        let (_, outcome) = shaken(Protocol::V2025, &[(NEW, json!({ "result": result }))]).await;
        assert!(outcome.is_err());
    }
}

#[tokio::test]
async fn discovery_is_tried_again_where_the_refusal_names_its_own_version() {
    let refused = |code: i32, version: &str| json!({ "error": { "code": code, "message": "no", "data": { "supported": [version] } } });
    for (code, version, tries) in [(-32022, "2026-07-28", 2), (-32022, "2027-01-01", 1), (-32000, "2026-07-28", 1)] {
        let (asked, outcome) = shaken(Protocol::V2026, &[("server/discover", refused(code, version))]).await;
        assert_eq!((asked.len(), outcome.is_err()), (tries, true), "{code} {version}");
    }
}
