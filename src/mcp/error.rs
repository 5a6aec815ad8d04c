//! The reasons why a call to a server has no result.

use super::retry_hint::{RetryHeaders, RetryHint};
use crate::pool::Refusal;
use crate::process::tree::ExitStatus;
use std::time::Duration;

/// The reason why a request has no result. The text names neither server nor tool; JavaScript adds both.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CallError {
    /// The server answered with an error.
    #[error("the server answered with {}", error_text(*.code, .message))]
    Refused {
        /// JSON-RPC's number, as the server wrote it.
        code: Option<f64>,
        /// The server's words.
        message: String,
        /// The error's data, as JSON.
        data: Option<String>,
        /// The headers of the answer that may say how long the server wants to be left alone.
        retry: Option<Box<RetryHeaders>>,
    },
    /// The server answered over HTTP, but not with a message. Says what the server did; with the same headers.
    #[error("the server {0}")]
    NoMessage(String, Option<Box<RetryHeaders>>),
    /// The server wants an authorisation that is missing or no longer valid.
    #[error("the server wants an authorisation that is missing or no longer valid{}", in_brackets(.0))]
    Unauthorized(String),
    /// The server does not know the session any more, and has not done anything.
    #[error("the server does not know the session any more: {0}")]
    SessionRefused(String),
    /// The server speaks an older transport over HTTP.
    #[error("the server does not speak streamable HTTP: {0}")]
    NotStreamable(String),
    /// The server could not be started, or did not shake hands.
    #[error("{0}")]
    NotStarted(StartError),
    /// The server exited, or became unreachable, while the call was in flight.
    #[error("the server{} {}", at(.0), end_text(.0))]
    Exited(ServerEnd),
    /// The server has failed too often to be started again now.
    #[error("the server failed too often to be started again within {} s; the last time: {last}", .retry_after.as_secs_f64().ceil())]
    Unavailable {
        /// The time until the next start may be tried.
        retry_after: Duration,
        /// The reason why the last start failed.
        last: Box<StartError>,
    },
    /// The call gives its slots to others during the pause before the server's next start. JavaScript makes it again.
    #[error("the server is started again in {} s at the earliest", .0.as_secs_f64())]
    Paused(Duration),
    /// A message from the server was longer than the limit.
    #[error("the server wrote a message of more than {0} bytes")]
    TooLong(usize),
    /// The server had more than twice the memory that it may have, and was ended.
    #[error("the server had {used} bytes of memory, more than twice maxTreeMemory ({limit} bytes), and was ended")]
    Memory {
        /// The memory of the server's process tree, in bytes.
        used: u64,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The call's deadline has passed.
    #[error("no answer in time")]
    TimedOut,
    /// The caller aborted the call.
    #[error("the call was given up")]
    Aborted,
    /// The pool was shut down.
    #[error("shut down")]
    Closed,
    /// The server is not configured, or its configuration has changed.
    #[error("there is no such server")]
    UnknownServer,
    /// The server takes subscriptions, and has no stream for updates. With the HTTP status of its refusal.
    #[error("the server has no stream on which updates can come (it answered GET with HTTP {0})")]
    NoStream(u16),
    /// The tool was not called, because the headers that the tool wants are not known. JavaScript calls it again with them.
    #[error("the headers of the tool are not known")]
    HeadersUnknown,
}

/// The end of a server, as far as it is known.
#[derive(Debug, Clone, Default)]
pub struct ServerEnd {
    /// The exit status of its process, if it has one that has exited.
    pub exit: Option<ExitStatus>,
    /// The server log.
    pub stderr: String,
    /// The end of a server over HTTP. Boxed, because each result of a call has room for this.
    pub remote: Option<Box<RemoteEnd>>,
}

/// The end of a server over HTTP.
#[derive(Debug, Clone)]
pub struct RemoteEnd {
    /// Scheme, host and port; nothing that may hold a secret.
    pub origin: String,
    /// The reason why the server cannot be reached, if it is known.
    pub reason: Option<String>,
}

impl ServerEnd {
    fn reason(&self) -> Option<&str> {
        self.remote.as_ref()?.reason.as_deref()
    }
}

/// The reason why there is no session with a server.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StartError {
    /// The system could not start the process.
    #[error("the server could not be started: {message}")]
    Spawn {
        /// The system's error number.
        errno: Option<i32>,
        /// The system's message.
        message: String,
    },
    /// The server exited, or became unreachable, before the handshake was done.
    #[error("the server{} {}{}", at(.0), end_text(.0), if .0.reason().is_some() { "" } else { " before it was ready" })]
    Exited(ServerEnd),
    /// The server did not answer a message of the handshake within the start timeout.
    #[error("the server{} did not answer '{method}' within {} s (startTimeout)", at(.end), .time.as_secs_f64())]
    Unanswered {
        /// The method of the message.
        method: &'static str,
        /// The start timeout.
        time: Duration,
        /// The end of the server.
        end: ServerEnd,
    },
    /// The handshake failed. If the server refused it, with how long the server may want to be left alone.
    #[error("the server{} could not be connected to: {}", at(.1), .0)]
    Handshake(String, ServerEnd, Option<Box<RetryHint>>),
    /// The server wants an authorisation that is missing or no longer valid.
    #[error("the server wants an authorisation that is missing or no longer valid{}", in_brackets(.0))]
    Unauthorized(String),
    /// The server speaks an older transport over HTTP.
    #[error("the server does not speak streamable HTTP: {0}")]
    NotStreamable(String),
    /// No call waited for the start any more.
    #[error("the start was given up")]
    Abandoned,
    /// The start panicked.
    #[error("the start failed unexpectedly")]
    Panicked,
}

impl CallError {
    /// Returns the stable string for JavaScript's `error.code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { .. } | Self::NoStream(_) => "ERR_MCP",
            Self::Unauthorized(_) | Self::NotStarted(StartError::Unauthorized(_)) => "ERR_UNAUTHORIZED",
            Self::NotStreamable(_) | Self::NotStarted(StartError::NotStreamable(_)) => "ERR_NOT_STREAMABLE",
            Self::NotStarted(_) => "ERR_SERVER_START",
            Self::Exited(_) | Self::NoMessage(..) | Self::SessionRefused(_) => "ERR_SERVER_EXITED",
            Self::Unavailable { .. } => "ERR_SERVER_UNAVAILABLE",
            Self::Paused(_) => "ERR_START_PAUSED",
            Self::TooLong(_) => "ERR_MAX_BUFFER",
            Self::Memory { .. } => "ERR_MEMORY",
            Self::TimedOut => "ERR_CALL_TIMEOUT",
            Self::Aborted => "ABORT_ERR",
            Self::Closed => "ERR_CLOSED",
            Self::UnknownServer => "ERR_UNKNOWN_SERVER",
            Self::HeadersUnknown => "ERR_HEADERS_UNKNOWN",
        }
    }

    /// Returns the system's error number, if the system could not start the server.
    pub fn errno(&self) -> Option<i32> {
        match self {
            Self::NotStarted(StartError::Spawn { errno, .. }) => *errno,
            Self::Unavailable { last, .. } => match **last {
                StartError::Spawn { errno, .. } => errno,
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the end of the server, if that is the reason.
    pub fn server_end(&self) -> Option<&ServerEnd> {
        match self {
            Self::Exited(end) => Some(end),
            Self::NotStarted(error) => error.server_end(),
            Self::Unavailable { last, .. } => last.server_end(),
            _ => None,
        }
    }

    /// Returns the headers and the error data in which the server may have said how long it wants to be left alone. A
    /// start that was not tried is not the server's word.
    pub fn retry_hint(&self) -> (Option<&RetryHeaders>, Option<&str>) {
        match self {
            Self::Refused { retry, data, .. } => (retry.as_deref(), data.as_deref()),
            Self::NoMessage(_, retry) => (retry.as_deref(), None),
            Self::NotStarted(StartError::Handshake(_, _, Some(hint))) => {
                (hint.headers.as_deref(), hint.data.as_deref())
            }
            _ => (None, None),
        }
    }
}

impl StartError {
    /// Makes an error of the reason why a handshake failed.
    pub fn refused(error: CallError, end: ServerEnd) -> Self {
        match error {
            CallError::Unauthorized(words) => Self::Unauthorized(words),
            CallError::NotStreamable(words) => Self::NotStreamable(words),
            CallError::Refused { code, message, data, retry } => {
                let words = code.map_or_else(|| message.clone(), |code| format!("{message} (error {code})"));
                Self::Handshake(words, end, RetryHint::of(retry, data))
            }
            CallError::NoMessage(words, retry) => {
                Self::Handshake(format!("it {words}"), end, RetryHint::of(retry, None))
            }
            CallError::Exited(ServerEnd { remote, .. }) => Self::Exited(ServerEnd { remote, ..end }),
            error => Self::handshake(error.to_string(), end),
        }
    }

    /// Makes an error of a handshake that failed without an answer of the server's.
    pub fn handshake(message: impl Into<String>, end: ServerEnd) -> Self {
        Self::Handshake(message.into(), end, None)
    }

    fn server_end(&self) -> Option<&ServerEnd> {
        match self {
            Self::Exited(end) | Self::Unanswered { end, .. } | Self::Handshake(_, end, _) => Some(end),
            Self::Spawn { .. } | Self::Unauthorized(_) | Self::NotStreamable(_) | Self::Abandoned | Self::Panicked => {
                None
            }
        }
    }
}

impl From<Refusal<StartError>> for CallError {
    fn from(refusal: Refusal<StartError>) -> Self {
        match refusal {
            Refusal::Start(error) => Self::NotStarted(error),
            Refusal::Unavailable { retry_after, last } => Self::Unavailable { retry_after, last: Box::new(last) },
            Refusal::Paused { left } => Self::Paused(left),
            Refusal::Closed => Self::Closed,
            Refusal::Unknown => Self::UnknownServer,
        }
    }
}

/// Describes a server's error.
pub fn error_text(code: Option<f64>, message: &str) -> String {
    match code {
        Some(code) => format!("error {code}: {message}"),
        None => format!("an error: {message}"),
    }
}

fn in_brackets(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!(" ({words})") }
}

fn at(end: &ServerEnd) -> String {
    end.remote.as_ref().map_or_else(String::new, |remote| format!(" at {}", remote.origin))
}

fn end_text(end: &ServerEnd) -> String {
    if let Some(signal) = end.exit.and_then(ExitStatus::signal_name) {
        return format!("was killed by {signal}");
    }
    match (end.exit, end.reason()) {
        (Some(ExitStatus { code: Some(code), .. }), _) => format!("exited with code {code}"),
        (_, Some(reason)) => reason.to_owned(),
        _ => "closed its output".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_exit_status_of_the_server() {
        let text = |code, signal| {
            let exit = Some(ExitStatus { code, signal });
            CallError::Exited(ServerEnd { exit, ..ServerEnd::default() }).to_string()
        };
        assert_eq!(text(Some(3), None), "the server exited with code 3");
        #[cfg(unix)]
        assert_eq!(text(None, Some(9)), "the server was killed by SIGKILL");
        assert_eq!(CallError::Exited(ServerEnd::default()).to_string(), "the server closed its output");
    }

    #[test]
    fn a_failed_start_names_the_address_and_says_the_cause_once() {
        let end = |reason: Option<&str>| {
            let (origin, reason) = ("http://a.example:81".to_owned(), reason.map(str::to_owned));
            ServerEnd { remote: Some(Box::new(RemoteEnd { origin, reason })), ..ServerEnd::default() }
        };
        let unreachable = end(Some("could not be reached: refused"));
        let answer = CallError::Refused { code: Some(-32000.0), message: "no".to_owned(), data: None, retry: None };
        let cases = [
            (CallError::Exited(unreachable), "could not be reached: refused"),
            (answer, "could not be connected to: no (error -32000)"),
            (
                CallError::NoMessage("answered HTTP 500".to_owned(), None),
                "could not be connected to: it answered HTTP 500",
            ),
        ];
        for (error, words) in cases {
            let text = StartError::refused(error, end(None)).to_string();
            assert_eq!(text, format!("the server at http://a.example:81 {words}"));
        }
    }

    #[test]
    fn a_refused_handshake_keeps_the_hint_and_a_start_that_was_not_tried_has_none() {
        let headers = Box::new(RetryHeaders { after: Some("5".to_owned()), after_ms: None, date: None, received: 1 });
        let refused = |retry, data: Option<&str>| CallError::Refused {
            code: Some(-32000.0),
            message: "slow down".to_owned(),
            data: data.map(str::to_owned),
            retry,
        };
        let unread = CallError::NoMessage("answered HTTP 429".to_owned(), Some(headers.clone()));
        let cases = [
            (refused(Some(headers.clone()), None), (Some(&*headers), None)),
            (refused(None, Some("{}")), (None, Some("{}"))),
            (refused(None, None), (None, None)),
            (unread, (Some(&*headers), None)),
            (CallError::TimedOut, (None, None)),
        ];
        for (error, hint) in cases {
            assert_eq!(error.retry_hint(), hint, "{error}");
            let start = StartError::refused(error, ServerEnd::default());
            assert_eq!(CallError::NotStarted(start.clone()).retry_hint(), hint, "{start}");
            let unavailable = CallError::Unavailable { retry_after: Duration::from_secs(1), last: Box::new(start) };
            assert_eq!(unavailable.retry_hint(), (None, None), "{unavailable}");
        }
    }
}
