//! The first commands of a connection: the protocol and the user.

use super::replies::Replies;
use super::stream::{Stream, text};
use super::words::{ConnectError, reply_words};
use crate::fleet::address::Login;
use redis::{Cmd, Value, cmd};
use tokio::io::{AsyncWriteExt, WriteHalf, split};

/// The protocol of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RESP2.
    Old,
    /// RESP3, in which messages of a channel come between answers.
    Pushing,
}

/// Sets the protocol and logs in.
pub async fn log_in(asking: &mut Asking, login: &Login, option: &str, protocol: Protocol) -> Result<(), ConnectError> {
    let password = match (&login.password, &login.password_file) {
        (Some(password), _) => Some(password.clone()),
        (None, Some(file)) => {
            let text = text(file, &format!("the file of the option {option}")).await?;
            Some(text.trim_end_matches(['\n', '\r']).to_owned())
        }
        (None, None) => None,
    };
    let user = login.user.as_deref().unwrap_or("default");
    match (protocol, password) {
        (Protocol::Pushing, Some(password)) => {
            asking.ask(cmd("HELLO").arg(3).arg("AUTH").arg(user).arg(password)).await?;
        }
        (Protocol::Pushing, None) => drop(asking.ask(cmd("HELLO").arg(3)).await?),
        (Protocol::Old, Some(password)) => drop(asking.ask(cmd("AUTH").arg(user).arg(password)).await?),
        (Protocol::Old, None) => {}
    }
    Ok(())
}

/// A connection on which one command at a time is in flight.
pub struct Asking {
    pub replies: Replies,
    pub writer: WriteHalf<Stream>,
}

impl Asking {
    pub fn new(stream: Stream) -> Self {
        let (reader, writer) = split(stream);
        Self { replies: Replies::new(reader), writer }
    }

    /// Sends a command and waits for its reply. An error reply is an error.
    pub async fn ask(&mut self, command: &Cmd) -> Result<Value, ConnectError> {
        self.writer.write_all(&command.get_packed_command()).await.map_err(|error| ConnectError::io(&error))?;
        self.writer.flush().await.map_err(|error| ConnectError::io(&error))?;
        match self.replies.next().await.map_err(ConnectError)? {
            Value::ServerError(error) => Err(ConnectError(reply_words(&error))),
            value => Ok(value),
        }
    }
}
