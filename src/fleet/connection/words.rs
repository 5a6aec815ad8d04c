//! The problems of a connection, in words without secrets. A server's own words are left out, because Redis names the user in
//! them, and another server may repeat what it was sent.

use redis::{ErrorKind, RedisError};
use std::io;

/// The reason that no connection was made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConnectError(pub String);

impl ConnectError {
    pub(super) fn new(words: &str) -> Self {
        Self(in_words(words))
    }

    /// Describes an error of the system's.
    pub(super) fn io(error: &io::Error) -> Self {
        Self(io_words(error))
    }
}

pub fn in_words(words: &str) -> String {
    words.to_owned()
}

/// Describes an error reply by its code.
pub fn error_words(code: &str) -> String {
    let is_code = code.len() <= 30 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    in_words(match code {
        "WRONGPASS" => "the user name or the password is wrong (WRONGPASS)",
        "NOAUTH" => "the server needs a password (NOAUTH)",
        "NOPERM" => "the user may not do what the limit needs (NOPERM)",
        "READONLY" => "the server is a replica (READONLY)",
        "LOADING" => "the server is loading its data (LOADING)",
        "OOM" => "the server has no memory left (OOM)",
        "MISCONF" => "the server cannot save its data (MISCONF)",
        "NOPROTO" => "the server is older than Redis 6 (NOPROTO)",
        code if is_code => return format!("the server answered with the error {code}"),
        _ => "the server answered with an error",
    })
}

/// Describes a failure of the connection.
pub fn failure_words(error: &RedisError) -> String {
    match error.kind() {
        ErrorKind::Io if error.is_connection_dropped() => in_words("the server closed the connection"),
        ErrorKind::Io => in_words("the connection broke"),
        ErrorKind::Server(_) | ErrorKind::Extension => error_words(error.code().unwrap_or_default()),
        _ => in_words("the answer is not Redis's"),
    }
}

fn io_words(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    in_words(match error.kind() {
        Kind::ConnectionRefused => "the connection was refused",
        Kind::ConnectionReset | Kind::BrokenPipe | Kind::ConnectionAborted | Kind::UnexpectedEof => {
            "the server closed the connection"
        }
        Kind::HostUnreachable | Kind::NetworkUnreachable => "the host cannot be reached",
        Kind::TimedOut => "no answer in time",
        Kind::PermissionDenied => "the system does not allow the connection",
        // rustls's words name the problem of a certificate, or the host.
        Kind::InvalidData => return error.to_string(),
        _ => "the host cannot be found or reached",
    })
}
