//! The meaning of an HTTP answer to a message.

use crate::mcp::display_text::display_text;

/// Codes of JSON-RPC that servers refuse an unknown session with: the SDKs' own, and "invalid request".
const REFUSAL_CODES: [f64; 3] = [-32000.0, -32001.0, -32600.0];

/// A message that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// The first request of a session: `initialize` or `server/discover`.
    Start,
    /// Any other request.
    Request {
        /// True if the request carried `Mcp-Session-Id`.
        in_session: bool,
    },
    /// A notification, or an answer to the server: nothing comes back.
    Notification {
        /// True if the message carried `Mcp-Session-Id`.
        in_session: bool,
    },
}

/// The request that an error answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Id {
    /// The one that was sent.
    Own,
    /// None: the id is null or absent.
    Null,
    /// Another one.
    Foreign,
}

/// An answer's body, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Body<'a> {
    /// An error of JSON-RPC: the body, or an event of it.
    Error {
        /// The request that it answers.
        id: Id,
        /// Any JSON number.
        code: f64,
        /// The server's words.
        message: &'a str,
    },
    /// Anything else; may be empty.
    Text(&'a str),
}

/// The meaning of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The body is the answer.
    Read,
    /// The server took the message. There is nothing to read, or nothing of interest.
    Taken,
    /// The server does not know the session, so it has done nothing. Begin another one and send the request once more.
    NewSession,
    /// The server wants to know the caller, or knows that it may not. With the server's words.
    Unauthorized(String),
    /// The server does not speak this transport. With the server's words.
    NotStreamable(String),
    /// The request has failed.
    Failed {
        /// The server's words: of an error of JSON-RPC its message, else the status and the text.
        words: Words,
        /// True if the next request should begin a new session.
        in_doubt: bool,
    },
}

/// A server's words.
#[derive(Debug, Clone, PartialEq)]
pub enum Words {
    /// The error of JSON-RPC that is the body.
    Error,
    /// The status and the text.
    Status(String),
}

/// Decides what an answer means.
///
/// A request is sent again only where the server refused its session, which is to say that it has not done it: then it
/// carried a session, and the answer is 404; or 400 about the session; or 200 with an error about the session that
/// answers no request. An error with the request's own id is the tool's answer, whatever it says of sessions.
pub fn decide(sent: Sent, status: u16, body: Body<'_>) -> Verdict {
    match (sent, status, body) {
        // mcporter, too, takes both for a matter of authorisation, with and without a challenge.
        (_, 401 | 403, _) => Verdict::Unauthorized(describe(status, body)),
        // A server that answers with JSON-RPC speaks this transport: it refuses the request, and not the transport.
        // 407 is a proxy's.
        (Sent::Start, 400..=406 | 408..=499, Body::Text(_)) if !is_passing(status) => {
            Verdict::NotStreamable(describe(status, body))
        }
        (Sent::Notification { .. }, 200..=299, _) | (_, 200..=299, Body::Text("")) => Verdict::Taken,
        (_, 200..=299, Body::Error { id: Id::Own, .. }) => Verdict::Read,
        (Sent::Request { in_session: true }, _, _) if refuses_session(status, body) => Verdict::NewSession,
        (_, _, Body::Error { .. }) => {
            Verdict::Failed { words: Words::Error, in_doubt: is_in_doubt(sent, status, body) }
        }
        _ => {
            Verdict::Failed { words: Words::Status(describe(status, body)), in_doubt: is_in_doubt(sent, status, body) }
        }
    }
}

/// Returns whether a status is about the moment, and not about the request.
pub fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 502..=504)
}

fn refuses_session(status: u16, body: Body<'_>) -> bool {
    match (status, body) {
        (404, _) => true,
        (400, Body::Error { code, message, .. }) => REFUSAL_CODES.contains(&code) || names_session(message),
        (400, Body::Text(text)) => names_session(text),
        (200, Body::Error { id: Id::Null | Id::Foreign, code, message }) => {
            REFUSAL_CODES.contains(&code) && names_session(message)
        }
        _ => false,
    }
}

/// A server that failed, or that spoke of no request of ours, may have lost the session. An answer to this very request
/// shows that it has not.
fn is_in_doubt(sent: Sent, status: u16, body: Body<'_>) -> bool {
    let (Sent::Request { in_session: true } | Sent::Notification { in_session: true }) = sent else { return false };
    let answers_request = matches!(body, Body::Error { id: Id::Own, .. });
    refuses_session(status, body)
        || !answers_request
            && (status >= 500 || matches!(body, Body::Error { code, .. } if REFUSAL_CODES.contains(&code)))
}

fn names_session(text: &str) -> bool {
    text.to_ascii_lowercase().contains("session")
}

/// The status, and the server's words where there are any.
fn describe(status: u16, body: Body<'_>) -> String {
    let (Body::Error { message: text, .. } | Body::Text(text)) = body;
    let text = display_text(text);
    if text.is_empty() { format!("HTTP {status}") } else { format!("HTTP {status}: {text}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Sent = Sent::Start;
    const SESSION: Sent = Sent::Request { in_session: true };
    const OUTSIDE: Sent = Sent::Request { in_session: false };
    const NOTE: Sent = Sent::Notification { in_session: true };

    fn error(id: Id, code: f64, message: &str) -> Body<'_> {
        Body::Error { id, code, message }
    }

    fn failed(in_doubt: bool) -> Verdict {
        Verdict::Failed { words: Words::Error, in_doubt }
    }

    fn failed_with(words: &str, in_doubt: bool) -> Verdict {
        Verdict::Failed { words: Words::Status(words.to_owned()), in_doubt }
    }

    #[test]
    fn an_error_with_the_requests_own_id_is_the_tools_answer() {
        for code in REFUSAL_CODES {
            let body = error(Id::Own, code, "your Asana session has expired");
            assert_eq!(decide(SESSION, 200, body), Verdict::Read, "{code}");
        }
    }

    #[test]
    fn any_2xx_will_do_for_a_notification() {
        let bodies = [Body::Text(""), Body::Text("ok"), error(Id::Null, -32600.0, "session")];
        for status in [200, 201, 202, 204, 299] {
            for body in bodies {
                assert_eq!(decide(NOTE, status, body), Verdict::Taken, "{status} {body:?}");
            }
        }
        assert_eq!(decide(SESSION, 202, Body::Text("")), Verdict::Taken);
    }

    #[test]
    fn only_a_refused_session_lets_a_request_be_sent_again() {
        let refusals = [
            (404, Body::Text("")),
            (404, Body::Text("<html>Not Found</html>")),
            (404, error(Id::Null, -32001.0, "Session not found")),
            (404, error(Id::Own, -32601.0, "whatever")),
            (400, Body::Text("Bad Request: Mcp-Session-Id is unknown")),
            (400, error(Id::Null, -32000.0, "Bad Request: no valid session")),
            (400, error(Id::Null, -32000.0, "Bad Request")),
            (400, error(Id::Foreign, -32001.0, "gone")),
            (400, error(Id::Own, -32600.0, "invalid request")),
            (400, error(Id::Own, 17.5, "Unknown SESSION")),
            (200, error(Id::Null, -32600.0, "Session not found")),
            (200, error(Id::Foreign, -32001.0, "session expired")),
            (200, error(Id::Null, -32000.0, "No valid session ID provided")),
        ];
        for (status, body) in refusals {
            assert_eq!(decide(SESSION, status, body), Verdict::NewSession, "{status} {body:?}");
            assert!(
                matches!(decide(OUTSIDE, status, body), Verdict::Failed { in_doubt: false, .. }),
                "outside of a session: {status} {body:?}"
            );
        }
    }

    #[test]
    fn any_other_answer_fails_at_once() {
        let cases = [
            (SESSION, 400, Body::Text("malformed"), failed_with("HTTP 400: malformed", false)),
            (SESSION, 400, error(Id::Null, -32700.0, "Parse error"), failed(false)),
            (SESSION, 400, error(Id::Own, -32602.0, "Invalid params"), failed(false)),
            (SESSION, 200, error(Id::Null, -32700.0, "Parse error"), failed(false)),
            (SESSION, 200, error(Id::Foreign, -32603.0, "the session broke"), failed(false)),
            (SESSION, 200, error(Id::Null, -32600.0, "Invalid Request"), failed(true)),
            (SESSION, 200, Body::Text("<html>Log in</html>"), failed_with("HTTP 200: <html>Log in</html>", false)),
            (SESSION, 409, Body::Text(""), failed_with("HTTP 409", false)),
            (SESSION, 429, Body::Text("slow\r\ndown"), failed_with("HTTP 429: slow down", false)),
            (SESSION, 500, Body::Text(""), failed_with("HTTP 500", true)),
            (SESSION, 500, error(Id::Own, -32603.0, "Internal error"), failed(false)),
            (SESSION, 503, error(Id::Null, -32000.0, "overloaded"), failed(true)),
            (SESSION, 502, Body::Text("Bad Gateway"), failed_with("HTTP 502: Bad Gateway", true)),
            (SESSION, 302, Body::Text(""), failed_with("HTTP 302", false)),
            (OUTSIDE, 404, Body::Text("no such path"), failed_with("HTTP 404: no such path", false)),
            (OUTSIDE, 500, Body::Text(""), failed_with("HTTP 500", false)),
            (NOTE, 404, Body::Text(""), failed_with("HTTP 404", true)),
            (NOTE, 400, error(Id::Null, -32601.0, "what?"), failed(false)),
            (START, 400, error(Id::Own, -32602.0, "Unsupported protocol version"), failed(false)),
            (START, 200, error(Id::Null, -32600.0, "no session"), failed(false)),
            (START, 500, Body::Text("crashed"), failed_with("HTTP 500: crashed", false)),
        ];
        for (sent, status, body, verdict) in cases {
            assert_eq!(decide(sent, status, body), verdict, "{sent:?} {status} {body:?}");
        }
    }

    #[test]
    fn authorisation_is_asked_for_at_any_time() {
        for sent in [START, SESSION, OUTSIDE, NOTE] {
            let verdict = decide(sent, 401, error(Id::Own, -32001.0, "no session: log in"));
            assert_eq!(verdict, Verdict::Unauthorized("HTTP 401: no session: log in".to_owned()));
            assert_eq!(decide(sent, 401, Body::Text("")), Verdict::Unauthorized("HTTP 401".to_owned()));
            assert_eq!(decide(sent, 403, Body::Text("no")), Verdict::Unauthorized("HTTP 403: no".to_owned()));
        }
    }

    #[test]
    fn the_older_transport_is_detected_at_the_start() {
        for status in [400, 404, 405, 415] {
            let words = format!("HTTP {status}: Cannot POST /");
            assert_eq!(decide(START, status, Body::Text("Cannot POST /")), Verdict::NotStreamable(words));
        }
        assert_eq!(decide(START, 429, Body::Text("")), failed_with("HTTP 429", false));
        assert_eq!(decide(OUTSIDE, 405, Body::Text("")), failed_with("HTTP 405", false));
        assert_eq!(decide(START, 404, error(Id::Own, -32601.0, "Method not found: initialize")), failed(false));
    }
}
