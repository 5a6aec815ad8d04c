//! The first commands of a connection: the protocol, the user, the database, the channel.

use super::replies::Replies;
use super::stream::{Stream, connect, text};
use super::words::{ConnectError, error_words};
use super::{Connection, sentinel};
use crate::fleet::address::{Address, Login};
use crate::fleet::script::ProcessId;
use redis::{Cmd, Value, cmd};
use std::time::Duration;
use tokio::io::{AsyncWriteExt, WriteHalf, split};
use tokio::time::timeout;

/// Connects to the server of an address, or to the one that its sentinels name, and subscribes the process's channel.
///
/// # Errors
/// Returns the problem for people.
pub async fn open(
    address: &Address,
    process: &ProcessId,
    lease: Duration,
    limit: Duration,
) -> Result<Connection, ConnectError> {
    let opening = timeout(limit, open_unbounded(address, process, lease));
    opening.await.unwrap_or_else(|_| Err(ConnectError::new("no answer in time")))
}

async fn open_unbounded(address: &Address, process: &ProcessId, lease: Duration) -> Result<Connection, ConnectError> {
    let master = match &address.sentinels {
        Some(sentinels) => sentinel::find_master(address, sentinels).await?,
        None => address.nodes[0].clone(),
    };
    let mut asking = Asking::new(connect(address, &master).await?);
    log_in(&mut asking, &address.login, "passwordFile", Protocol::Pushing).await?;
    if address.sentinels.is_some() {
        sentinel::check_master(&mut asking).await?;
    }
    if address.database != 0 {
        asking.ask(cmd("SELECT").arg(address.database)).await?;
    }
    asking.ask(cmd("SUBSCRIBE").arg(address.name.channel(process))).await?;
    Ok(Connection::new(asking, &address.name, process, lease))
}

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
            Value::ServerError(error) => Err(ConnectError(error_words(error.code()))),
            value => Ok(value),
        }
    }
}
