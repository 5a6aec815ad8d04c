//! The problems of a connection, in words without secrets. A server's own words are left out, because Redis names the user in
//! them, and another server may repeat what it was sent.

use redis::{ErrorKind, RedisError, ServerError};
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

/// Describes an error reply.
pub fn reply_words(error: &ServerError) -> String {
    let details = error.details().unwrap_or_default();
    error_words(if error.code() == "ERR" { code_within(details) } else { error.code() })
}

/// Finds the code that an error without a code of its own stands for, such as an error within a script.
fn code_within(details: &str) -> &str {
    let has = |words: &str| details.contains(words);
    if has("The user executing the script can't run") || has("ACL failure in script") {
        "NOPERM"
    } else if has("nknown command") || has("nknown Redis command") {
        "UNKNOWN"
    } else if has("DB index is out of range") {
        "NODB"
    } else if has("SELECT is not allowed in cluster mode") {
        "MOVED"
    } else {
        // Redis 6: "Error running script (...): @user_script: 46: -READONLY You can't ..."
        let code = details.split_once(": -").and_then(|(_, error)| error.split_once(' '));
        code.map_or("ERR", |(code, _)| code)
    }
}

/// Describes an error by its code.
fn error_words(code: &str) -> String {
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
        "NOREPLICAS" => "the server has too few replicas to write (NOREPLICAS)",
        "NOSCRIPT" => "the server does not keep the script (NOSCRIPT)",
        "MOVED" | "CLUSTERDOWN" => "the server belongs to a Redis Cluster, which is not supported",
        "UNKNOWN" => "the server has not all commands that the limit needs; Redis 6.2 has them",
        "NODB" => "the server has no database of this number",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_within_a_script_has_the_words_of_its_code() {
        for (details, words) in [
            ("Error running script (call to f_1): @user_script:1: @user_script: 1: -OOM command not allowed", "(OOM)"),
            ("Error running script (call to f_1): @user_script: 1: -READONLY You can't write", "(READONLY)"),
            (
                "Error running script (call to f_1): @user_script: 1: The user executing the script can't run this",
                "(NOPERM)",
            ),
            (
                "The user executing the script can't run this command or subcommand script: 1, on @user_script:1.",
                "(NOPERM)",
            ),
            ("ACL failure in script: User secret has no permissions to run the 'time' command", "(NOPERM)"),
            ("unknown command 'EVALSHA', with args beginning with: 'secret'", "not all commands"),
            ("Unknown Redis command called from script script: 1, on @user_script:1.", "not all commands"),
            ("DB index is out of range", "no database"),
            ("SELECT is not allowed in cluster mode", "Redis Cluster"),
            ("something: -secret words", "answered with an error"),
            ("something secret", "the error ERR"),
        ] {
            let shown = error_words(code_within(details));
            assert!(shown.contains(words) && !shown.contains("secret"), "{details}: {shown}");
        }
    }
}
