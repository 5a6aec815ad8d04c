//! One request over HTTP: its POST, and the answer in a body or in a stream of events.

use super::client::{self, BodyFailure};
use super::connection::{Connection, Stream};
use super::events::{Event, EventStream};
use super::failure::HttpFailure;
use super::messages::{Summary, receive};
use super::retry_headers::retry_headers;
use super::verdict::{Body, Sent as Message, Verdict, Words, decide, is_passing};
use crate::mcp::error::{CallError, ServerEnd};
use crate::mcp::retry_hint::RetryHeaders;
use crate::runner::Sent;
use bytes::Bytes;
use reqwest::Response;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use std::time::{Duration, SystemTime};
use tokio::time::{sleep, timeout};

/// The size of an error's body that is read, in bytes.
const MAX_ERROR: usize = 64 * 1024;
/// The time in which the rest of a stream is read after the answer, so that its connection can be used again.
const REST: Duration = Duration::from_secs(1);
/// The time before a stream that broke is asked for again, if the server names none.
const RETRY: Duration = Duration::from_secs(1);
/// The bounds of that time, whatever the server names.
const RETRY_BOUNDS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(30));
/// The number of times in a row that a stream is asked for again without an event in between.
const MAX_RESUMES: u32 = 10;

/// A request in flight.
pub struct Exchange {
    /// The request's id.
    pub id: i64,
    /// The kind of message.
    pub message: Message,
    /// The headers that the protocol wants for this request.
    pub standard: Vec<(HeaderName, HeaderValue)>,
    /// The request as JSON.
    pub body: Bytes,
    /// Tells if the server may have seen any of the request.
    pub sent: Sent,
}

impl Exchange {
    /// Posts the request and settles it.
    pub async fn run(self, connection: &Connection) {
        let Err(error) = self.post(connection).await else { return };
        // A session that was refused has done nothing, and without a connection nothing was sent.
        let is_sent = self.sent.is_begun() && !matches!(error, CallError::SessionRefused(_));
        connection.client.settle(self.id, Err(error), is_sent);
    }

    async fn post(&self, connection: &Connection) -> Result<(), CallError> {
        self.sent.begin();
        let response = match connection.post(self.body.clone(), &self.standard).await {
            Ok(response) => response,
            Err(failure) => {
                if matches!(failure, HttpFailure::Invalid(_) | HttpFailure::Unreachable(_)) {
                    self.sent.revoke();
                }
                return Err(unsent(connection, &failure));
            }
        };
        if self.message == Message::Start {
            connection.begin_session(&response);
        }
        if !response.status().is_success() {
            return Err(refusal(connection, self.message, response).await);
        }
        if is_stream(&response) {
            return self.read_events(connection, response).await;
        }
        let status = response.status().as_u16();
        let body = client::body(response, connection.max_buffer).await.map_err(|error| failed(connection, error))?;
        let summary = receive(connection, self.id, &body).await;
        if !connection.client.is_in_flight(self.id) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&body);
        // The server may answer on the GET stream.
        if text.trim().is_empty() && *connection.stream.borrow() == Stream::Open {
            return Ok(());
        }
        Err(self.explain(connection, status, summary, &text))
    }

    /// Reads a stream until the answer has come, and again from where it broke.
    async fn read_events(&self, connection: &Connection, response: Response) -> Result<(), CallError> {
        let mut stream = EventStream::new(response, connection.max_buffer);
        let (mut retry, mut resumes) = (RETRY, 0);
        let mut last_event = None;
        loop {
            match stream.next().await {
                Ok(Some(Event::Message(text))) => {
                    resumes = 0;
                    let summary = receive(connection, self.id, text.as_bytes()).await;
                    if !connection.client.is_in_flight(self.id) {
                        let _ = timeout(REST, async { while let Ok(Some(_)) = stream.next().await {} }).await;
                        return Ok(());
                    }
                    if matches!(summary, Summary::Error { .. }) {
                        return Err(self.explain(connection, 200, summary, ""));
                    }
                }
                Ok(Some(Event::Retry(time))) => retry = time.clamp(RETRY_BOUNDS.0, RETRY_BOUNDS.1),
                Err(BodyFailure::TooLong(limit)) => return Err(CallError::TooLong(limit)),
                Ok(None) | Err(BodyFailure::Lost(_)) => {
                    last_event = stream.last_id().map(str::to_owned).or(last_event);
                    let Some(id) = last_event.as_deref().filter(|id| !id.is_empty()) else {
                        return Err(broken(connection, "closed the stream before it had answered"));
                    };
                    resumes += 1;
                    if resumes > MAX_RESUMES {
                        return Err(broken(connection, "closed the stream again and again before it had answered"));
                    }
                    sleep(retry.saturating_mul(resumes).min(RETRY_BOUNDS.1)).await;
                    let response = match connection.get(Some(id)).await {
                        Ok(response) => response,
                        Err(HttpFailure::Unreachable(_) | HttpFailure::Lost(_)) => continue,
                        Err(failure) => return Err(unsent(connection, &failure)),
                    };
                    let status = response.status().as_u16();
                    if is_passing(status) {
                        continue;
                    }
                    if !response.status().is_success() || !is_stream(&response) {
                        return Err(broken(
                            connection,
                            &format!(
                                "closed the stream before it had answered, and refused to resume it (HTTP {status})"
                            ),
                        ));
                    }
                    stream = EventStream::new(response, connection.max_buffer);
                }
            }
        }
    }

    /// Makes an error of an answer that does not answer the request.
    fn explain(&self, connection: &Connection, status: u16, summary: Summary, text: &str) -> CallError {
        let body = match &summary {
            Summary::Error { id, code, message, .. } => Body::Error { id: *id, code: *code, message },
            Summary::Messages if text.trim().is_empty() => Body::Text("an event without an answer"),
            Summary::Messages | Summary::Nothing => Body::Text(text),
        };
        match decide(self.message, status, body) {
            Verdict::Read | Verdict::Taken => {
                CallError::NoMessage(format!("answered HTTP {status} without an answer to the call"), None)
            }
            verdict => error_of(connection, verdict, summary, None),
        }
    }
}

/// Posts a notification. Any success will do, whatever the body.
///
/// # Errors
/// The server's refusal.
pub async fn notify(connection: &Connection, body: Bytes) -> Result<(), CallError> {
    let response = connection.post(body, &[]).await.map_err(|failure| unsent(connection, &failure))?;
    if response.status().is_success() {
        return Ok(());
    }
    let message = Message::Notification { in_session: connection.has_session() };
    Err(refusal(connection, message, response).await)
}

/// Makes an error of an answer that is no success.
async fn refusal(connection: &Connection, message: Message, response: Response) -> CallError {
    let status = response.status().as_u16();
    let retry = retry_headers(status, response.headers(), SystemTime::now());
    let body = client::beginning(response, MAX_ERROR).await;
    let summary = Summary::of(&body, None);
    let text = String::from_utf8_lossy(&body);
    let verdict = match &summary {
        Summary::Error { id, code, message: words, .. } => {
            decide(message, status, Body::Error { id: *id, code: *code, message: words })
        }
        _ => decide(message, status, Body::Text(&text)),
    };
    error_of(connection, verdict, summary, retry)
}

fn error_of(
    connection: &Connection,
    verdict: Verdict,
    summary: Summary,
    retry: Option<Box<RetryHeaders>>,
) -> CallError {
    let hide = |words: &str| connection.secrets.hide(words);
    match verdict {
        Verdict::NewSession => {
            connection.doubt();
            CallError::SessionRefused(hide(&summary.words()))
        }
        Verdict::Unauthorized(words) => CallError::Unauthorized(hide(&words)),
        Verdict::NotStreamable(words) => CallError::NotStreamable(hide(&words)),
        Verdict::Failed { words, in_doubt } => {
            if in_doubt {
                connection.doubt();
            }
            match words {
                Words::Error => summary.into_error(&hide, retry),
                Words::Status(words) => CallError::NoMessage(format!("answered {}", hide(&words)), retry),
            }
        }
        Verdict::Read | Verdict::Taken => {
            CallError::NoMessage("answered without an answer to the call".to_owned(), retry)
        }
    }
}

fn unsent(connection: &Connection, failure: &HttpFailure) -> CallError {
    let words = connection.secrets.hide(&failure.to_string());
    match failure {
        HttpFailure::Redirected { .. } => CallError::NoMessage(words, None),
        HttpFailure::Invalid(_) => broken(connection, &format!("could not be asked: {words}")),
        HttpFailure::Unreachable(_) | HttpFailure::Lost(_) => {
            connection.doubt();
            broken(connection, &format!("could not be reached: {words}"))
        }
    }
}

fn failed(connection: &Connection, failure: BodyFailure) -> CallError {
    match failure {
        BodyFailure::TooLong(limit) => CallError::TooLong(limit),
        BodyFailure::Lost(words) => {
            connection.doubt();
            broken(connection, &format!("broke off its answer: {}", connection.secrets.hide(&words)))
        }
    }
}

fn broken(connection: &Connection, reason: &str) -> CallError {
    let remote = connection.remote_end(Some(reason.to_owned()));
    CallError::Exited(ServerEnd { remote: Some(Box::new(remote)), ..ServerEnd::default() })
}

fn is_stream(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
}
