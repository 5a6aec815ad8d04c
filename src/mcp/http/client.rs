//! Requests to servers: one HTTP client for the process, which keeps the connections.

use super::body::Body;
use super::error_text::root_cause;
use super::failure::HttpFailure;
use super::headers::Headers;
use super::proxies;
use super::redirect::{Step, step};
use crate::mcp::display_text::display_text;
use crate::trust;
use bytes::Bytes;
use once_cell::sync::OnceCell;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

pub use super::body::BodyFailure;

/// The longest time that a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// The time after which an idle connection is not used again. Node.js's servers close theirs after 5 s, and a request that
/// meets the end of its connection may be lost.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);
/// The most headers of an answer. Without this, hyper refuses more than 100, which proxies and cookies can reach. `fetch`
/// limits only their length.
const MAX_HEADERS: usize = 1000;
/// The time in which a refusal's words have to come.
const BEGINNING_TIMEOUT: Duration = Duration::from_secs(2);
const USER_AGENT: &str = concat!("procward/", env!("CARGO_PKG_VERSION"));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const JSON_OR_EVENTS: HeaderValue = HeaderValue::from_static("application/json, text/event-stream");

/// The number of the session that a request belongs to.
pub const SESSION: HeaderName = HeaderName::from_static("mcp-session-id");
/// The event after which a stream goes on.
pub const LAST_EVENT: HeaderName = HeaderName::from_static("last-event-id");

/// A request to a server.
#[derive(Debug, Clone)]
pub struct Outgoing<'a> {
    /// POST for messages, GET for the stream of a session, DELETE for its end.
    pub method: Method,
    /// The server's address.
    pub url: &'a Url,
    /// The configured headers, which stay with the origin. They go before the ones of the protocol, as for the TypeScript
    /// SDK, except Accept and Content-Type.
    pub headers: &'a Headers,
    /// Headers of the protocol that stay with the origin: the session, and the last event.
    pub private: &'a [(HeaderName, HeaderValue)],
    /// Headers of the protocol that a server at another origin needs too: its version.
    pub public: &'a [(HeaderName, HeaderValue)],
    /// JSON.
    pub body: Option<Bytes>,
}

/// Sends a request, follows redirects, and returns the answer with its body unread. The time that the answer takes is the
/// caller's to limit.
///
/// # Errors
/// [`HttpFailure`].
pub async fn send(request: Outgoing<'_>) -> Result<Response, HttpFailure> {
    let mut url = request.url.clone();
    let mut is_home = true;
    for followed in 0.. {
        let is_elsewhere = url.origin() != request.url.origin();
        let response = attempt(&request, &url, is_home).await.map_err(|failure| {
            if is_elsewhere { failure.after_redirect(&url.origin().ascii_serialization()) } else { failure }
        })?;
        let status = response.status().as_u16();
        match step(&request.method, &url, followed, status, response.headers().get(LOCATION)) {
            Step::Stay => return Ok(response),
            Step::Refuse { origin, reason } => return Err(HttpFailure::Redirected { status, origin, reason }),
            Step::Follow { url: next, same_origin } => {
                url = next;
                is_home &= same_origin;
            }
        }
    }
    unreachable!("redirects come to an end")
}

/// Reads an answer's body.
///
/// # Errors
/// [`BodyFailure`]; a body that is announced as too long is not read.
pub async fn body(response: Response, limit: usize) -> Result<Vec<u8>, BodyFailure> {
    let mut source = Body::new(response);
    if source.length().is_some_and(|length| length > limit as u64) {
        return Err(BodyFailure::TooLong(limit));
    }
    let mut body = Vec::new();
    while let Some(chunk) = source.chunk().await? {
        if chunk.len() > limit - body.len() {
            return Err(BodyFailure::TooLong(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads the first bytes of an answer's body, as many as can be had in a short time: a refusal is known without them.
pub async fn beginning(response: Response, limit: usize) -> Vec<u8> {
    let deadline = Instant::now() + BEGINNING_TIMEOUT;
    let mut source = Body::new(response);
    let mut body = Vec::new();
    while body.len() < limit
        && let Ok(Ok(Some(chunk))) = timeout_at(deadline, source.chunk()).await
    {
        body.extend_from_slice(&chunk[..chunk.len().min(limit - body.len())]);
    }
    body
}

/// Reads a server's address.
///
/// # Errors
/// [`HttpFailure::Invalid`], without the address, which may hold a secret.
pub fn address(text: &str) -> Result<Url, HttpFailure> {
    let url = Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.ok_or_else(|| HttpFailure::Invalid("its url is no http: or https: address".to_owned()))
}

async fn attempt(request: &Outgoing<'_>, url: &Url, is_home: bool) -> Result<Response, HttpFailure> {
    let mut builder = client()?.request(request.method.clone(), url.clone()).headers(headers(request, is_home));
    if let Some(body) = &request.body {
        builder = builder.body(body.clone());
    }
    builder.send().await.map_err(|error| {
        let words = root_cause(&error);
        match error {
            error if error.is_builder() => HttpFailure::Invalid(words),
            error if error.is_connect() => HttpFailure::Unreachable(words),
            _ => HttpFailure::Lost(words),
        }
    })
}

fn headers(request: &Outgoing<'_>, is_home: bool) -> HeaderMap {
    let mut headers = if is_home { request.headers.map().clone() } else { HeaderMap::new() };
    let private = if is_home { request.private } else { &[] };
    for (name, value) in private.iter().chain(request.public) {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    match request.method {
        Method::POST => {
            headers.insert(ACCEPT, JSON_OR_EVENTS);
            headers.insert(CONTENT_TYPE, JSON);
        }
        Method::GET => {
            headers.insert(ACCEPT, EVENTS);
        }
        _ => {}
    }
    headers
}

pub(super) fn client() -> Result<&'static Client, HttpFailure> {
    static CLIENT: OnceCell<Client> = OnceCell::new();
    CLIENT.get_or_try_init(|| {
        let mut tls =
            trust::tls_config(None).map_err(|error| HttpFailure::Invalid(display_text(&error.to_string())))?;
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut builder = Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .redirect(Policy::none())
            .http1_max_headers(MAX_HEADERS)
            .user_agent(USER_AGENT)
            .no_proxy();
        if let Some(proxy) = proxies::chooser().map_err(HttpFailure::Invalid)? {
            builder = builder.proxy(proxy);
        }
        builder.build().map_err(|error| HttpFailure::Invalid(root_cause(&error)))
    })
}
