//! The way to a connection in use: the master, the login, the database, the channel.

use super::handshake::{Asking, Protocol, log_in};
use super::stream::connect;
use super::words::ConnectError;
use super::{Connection, sentinel};
use crate::fleet::address::Address;
use crate::fleet::script::ProcessId;
use redis::cmd;
use std::time::Duration;
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
