//! The client against real servers.

use super::client::{LAST_EVENT, Outgoing, SESSION, address, beginning, body, send};
use super::events::{Event, EventStream};
use super::failure::HttpFailure;
use super::headers::Headers;
use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

const VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");

/// A server that notes each request and answers with these texts, one after the other.
struct Server {
    url: Url,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url =
            Url::parse(&format!("http://{}/mcp", listener.local_addr().expect("an address"))).expect("an address");
        let seen = Arc::<Mutex<Vec<String>>>::default();
        let notes = Arc::clone(&seen);
        tokio::spawn(async move {
            for answer in answers {
                let Ok((socket, _)) = listener.accept().await else { return };
                let (request, mut socket) = read(socket).await;
                notes.lock().expect("notes").push(request);
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { url, seen }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("notes").clone()
    }
}

async fn read(socket: TcpStream) -> (String, TcpStream) {
    let mut socket = BufReader::new(socket);
    let mut request = String::new();
    let mut length = 0;
    loop {
        let from = request.len();
        if socket.read_line(&mut request).await.unwrap_or(0) == 0 {
            break;
        }
        let line = request[from..].trim().to_ascii_lowercase();
        if let Some(number) = line.strip_prefix("content-length: ") {
            length = number.parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    let _ = socket.read_exact(&mut body).await;
    request.push_str(&String::from_utf8_lossy(&body));
    (request.to_ascii_lowercase(), socket.into_inner())
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}\r\n{body}")
}

fn redirect(status: u16, to: &Url) -> String {
    answer(&format!("{status} Elsewhere"), &format!("location: {to}\r\ncontent-length: 0\r\n"), "")
}

fn configured() -> Headers {
    let headers = [("X-API-Key", "KEY-value"), ("Authorization", "Bearer TOKEN-value"), ("Cookie", "COOKIE-value")];
    Headers::new(&headers.map(|(name, value)| (name.to_owned(), value.to_owned()))).expect("headers")
}

/// Sends a message in a session.
async fn sent(method: Method, url: &Url) -> Result<String, HttpFailure> {
    let private = [(SESSION, HeaderValue::from_static("session-7")), (LAST_EVENT, HeaderValue::from_static("event-7"))];
    let public = [(VERSION, HeaderValue::from_static("2025-11-25"))];
    let body_of = (method == Method::POST).then(|| Bytes::from_static(b"{\"say\":\"hello\"}"));
    let outgoing = Outgoing { method, url, headers: &configured(), private: &private, public: &public, body: body_of };
    let response = send(outgoing).await?;
    Ok(String::from_utf8(body(response, 1000).await.expect("a body")).expect("text"))
}

const SECRETS: [&str; 5] = ["key-value", "token-value", "cookie-value", "session-7", "event-7"];

#[tokio::test]
async fn a_message_has_the_required_headers() {
    let server = Server::start(vec![answer("200 OK", "", "fine")]).await;
    assert_eq!(sent(Method::POST, &server.url).await.as_deref(), Ok("fine"));
    let request = server.seen().remove(0);
    let user_agent = format!("user-agent: procward/{}\r\n", env!("CARGO_PKG_VERSION"));
    let parts = [
        "post /mcp http/1.1\r\n",
        "x-api-key: key-value\r\n",
        "mcp-session-id: session-7\r\n",
        "mcp-protocol-version: 2025-11-25\r\n",
        "content-type: application/json\r\n",
        "accept: application/json, text/event-stream\r\n",
        "\r\n\r\n{\"say\":\"hello\"}",
        &user_agent,
    ];
    for part in parts {
        assert!(request.contains(part), "{part} in {request}");
    }
}

#[tokio::test]
async fn a_redirect_within_the_origin_keeps_all_headers() {
    let server = Server::start(vec![
        answer("307 Elsewhere", "location: /mcp/\r\ncontent-length: 0\r\n", ""),
        answer("308 Elsewhere", "location: ../other\r\ncontent-length: 0\r\n", ""),
        answer("200 OK", "", "there"),
    ])
    .await;
    assert_eq!(sent(Method::POST, &server.url).await.as_deref(), Ok("there"));
    let last = server.seen().remove(2);
    assert!(last.starts_with("post /other http/1.1\r\n") && last.ends_with("{\"say\":\"hello\"}"), "{last}");
    for secret in SECRETS {
        assert!(last.contains(secret), "{secret} in {last}");
    }
}

#[tokio::test]
async fn another_origin_gets_the_message_and_no_credentials() {
    for status in [307, 308] {
        let other = Server::start(vec![answer("200 OK", "", "there")]).await;
        let first = Server::start(vec![redirect(status, &other.url)]).await;
        assert_eq!(sent(Method::POST, &first.url).await.as_deref(), Ok("there"));
        let request = other.seen().remove(0);
        for secret in SECRETS {
            assert!(!request.contains(secret), "{secret} in {request}");
        }
        for part in ["{\"say\":\"hello\"}", "mcp-protocol-version: 2025-11-25", "user-agent: procward/", "accept: "] {
            assert!(request.contains(part), "{part} in {request}");
        }
    }
}

#[tokio::test]
async fn a_redirect_back_to_the_origin_brings_no_credentials() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let home = Url::parse(&format!("http://{}/home", listener.local_addr().expect("an address"))).expect("an address");
    let other = Server::start(vec![redirect(307, &home)]).await;
    let away = redirect(307, &other.url);
    let home_server = tokio::spawn(async move {
        let mut last = String::new();
        for answer in [away, answer("200 OK", "", "home")] {
            let (request, mut socket) = read(listener.accept().await.expect("a connection").0).await;
            last = request;
            socket.write_all(answer.as_bytes()).await.expect("written");
        }
        last
    });
    assert_eq!(sent(Method::POST, &home).await.as_deref(), Ok("home"));
    let last = home_server.await.expect("a request");
    assert!(SECRETS.iter().all(|secret| !last.contains(secret)), "{last}");
}

#[tokio::test]
async fn a_stream_may_be_redirected_and_a_message_may_not_become_a_get() {
    for status in [301, 302, 303] {
        let other = Server::start(vec![answer("200 OK", "", "there")]).await;
        let first = Server::start(vec![redirect(status, &other.url), redirect(status, &other.url)]).await;
        let origin = other.url.origin().ascii_serialization();
        let reason = "would lose the request's body";
        assert_eq!(sent(Method::POST, &first.url).await, Err(HttpFailure::Redirected { status, origin, reason }));
        assert_eq!(sent(Method::GET, &first.url).await.as_deref(), Ok("there"));
        assert!(other.seen()[0].starts_with("get /mcp http/1.1\r\n"));
    }
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let again = answer("307 Again", "location: /mcp\r\ncontent-length: 0\r\n", "");
    let server = Server::start(vec![again; 40]).await;
    let error = sent(Method::POST, &server.url).await.expect_err("no answer");
    assert!(matches!(error, HttpFailure::Redirected { reason: "is one too many", .. }), "{error}");
    assert_eq!(server.seen().len(), 21);
}

#[tokio::test]
async fn a_failure_names_the_origin_that_a_redirect_led_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let gone =
        Url::parse(&format!("http://{}/secret?key=1", listener.local_addr().expect("an address"))).expect("a URL");
    drop(listener);
    let first = Server::start(vec![redirect(307, &gone)]).await;
    let words = sent(Method::POST, &first.url).await.expect_err("no connection").to_string();
    let origin = gone.origin().ascii_serialization();
    assert!(words.ends_with(&format!(", after a redirect to {origin}")), "{words}");
}

#[tokio::test]
async fn an_error_names_the_problem_and_not_the_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = listener.local_addr().expect("an address");
    let url = address(&format!("http://{at}/mcp?key=KEY-value")).expect("an address");
    let broken = tokio::spawn(async move {
        let _ = read(listener.accept().await.expect("a connection").0).await;
    });
    let lost = sent(Method::POST, &url).await.expect_err("no answer");
    assert!(matches!(lost, HttpFailure::Lost(_)), "{lost:?}");
    broken.await.expect("closed");
    let refused = sent(Method::POST, &url).await.expect_err("no connection");
    assert!(matches!(refused, HttpFailure::Unreachable(_)), "{refused:?}");
    for words in [lost.to_string(), refused.to_string()] {
        assert!(!words.is_empty() && !words.contains("KEY-value") && !words.contains("http"), "{words}");
    }
}

#[test]
fn a_malformed_address_is_not_shown() {
    for wrong in ["", "secret", "ftp://a.example/secret", "http://", "https:///"] {
        let words = address(wrong).expect_err(wrong).to_string();
        assert_eq!(words, "its url is no http: or https: address");
    }
    assert!(address(" https://a.example/ ").is_ok());
}

#[tokio::test]
async fn bodies_are_bounded() {
    let long = "a".repeat(2000);
    let announced = answer("200 OK", "content-length: 2000\r\n", &long);
    let server = Server::start(vec![announced.clone(), answer("200 OK", "", &long), announced]).await;
    let get = async || {
        let outgoing = Outgoing {
            method: Method::GET,
            url: &server.url,
            headers: &Headers::default(),
            private: &[],
            public: &[],
            body: None,
        };
        send(outgoing).await.expect("an answer")
    };
    for _ in 0..2 {
        assert_eq!(body(get().await, 1999).await.expect_err("too long").to_string(), "more than 1999 bytes");
    }
    assert_eq!(beginning(get().await, 10).await, b"aaaaaaaaaa");
}

#[tokio::test]
async fn an_endless_refusal_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = address(&format!("http://{}", listener.local_addr().expect("an address"))).expect("an address");
    let server = tokio::spawn(async move {
        let (_, mut socket) = read(listener.accept().await.expect("a connection").0).await;
        socket.write_all(answer("503 Busy", "content-length: 100\r\n", "ask later").as_bytes()).await.expect("written");
        socket
    });
    let headers = Headers::default();
    let outgoing =
        Outgoing { method: Method::GET, url: &url, headers: &headers, private: &[], public: &[], body: None };
    let response = send(outgoing).await.expect("an answer");
    let _open = server.await.expect("a connection");
    tokio::time::pause();
    assert_eq!(beginning(response, 1000).await, b"ask later");
}

#[tokio::test]
async fn events_are_read_from_a_body() {
    let stream = "id: 1\ndata: first\n\nretry: 5\nid: 2\n\ndata: last";
    let chunks = stream.chars().map(|char| format!("1\r\n{char}\r\n")).collect::<Vec<_>>().concat();
    let chunked = answer("200 OK", "transfer-encoding: chunked\r\n", &format!("{chunks}0\r\n\r\n"));
    let cut = answer("200 OK", "content-length: 100\r\n", "id: 1\ndata: first\n\nid: 2\ndata: las");
    let server = Server::start(vec![chunked, cut]).await;
    let events = async || {
        let outgoing = Outgoing {
            method: Method::GET,
            url: &server.url,
            headers: &Headers::default(),
            private: &[],
            public: &[],
            body: None,
        };
        let mut stream = EventStream::new(send(outgoing).await.expect("an answer"), 100);
        let mut events = Vec::new();
        let end = loop {
            match stream.next().await {
                Ok(Some(Event::Message(data))) => events.push(data),
                Ok(Some(Event::Retry(after))) => events.push(format!("{after:?}")),
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        };
        (events.join(" "), end.is_some(), stream.last_id().map(ToOwned::to_owned))
    };
    assert_eq!(events().await, ("first 5ms last".to_owned(), false, Some("2".to_owned())));
    assert_eq!(events().await, ("first".to_owned(), true, Some("1".to_owned())));
}
