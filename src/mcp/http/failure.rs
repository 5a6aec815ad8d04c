//! Requests over HTTP that got no answer.

/// A request without an answer. The text has no secret, and of an address only the origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HttpFailure {
    /// The request cannot be sent at all: a header or the address is wrong.
    #[error("{0}")]
    Invalid(String),
    /// No connection was made, so nothing was sent.
    #[error("{0}")]
    Unreachable(String),
    /// The connection broke; the server may have got the request.
    #[error("{0}")]
    Lost(String),
    /// The server redirected the request, and the redirect is not followed. Says what the server did.
    #[error("answered with HTTP {status}, a redirect to {origin}{}{reason}", if .reason.is_empty() { "" } else { " that " })]
    Redirected {
        /// The status.
        status: u16,
        /// Scheme, host and port that it leads to.
        origin: String,
        /// The reason for not following; may be empty.
        reason: &'static str,
    },
}

impl HttpFailure {
    /// Adds that a redirect to this origin came before.
    pub fn after_redirect(self, origin: &str) -> Self {
        let add = |words| format!("{words}, after a redirect to {origin}");
        match self {
            Self::Unreachable(words) => Self::Unreachable(add(words)),
            Self::Lost(words) => Self::Lost(add(words)),
            failure => failure,
        }
    }
}
