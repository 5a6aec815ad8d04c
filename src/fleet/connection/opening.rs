//! The way to a connection in use: the master, the login, the database, the rights, the channel.

use super::handshake::{Asking, Protocol, log_in};
use super::stream::connect;
use super::words::ConnectError;
use super::{Connection, sentinel};
use crate::fleet::address::Address;
use crate::fleet::script::ProcessId;
use redis::cmd;
use std::time::Duration;
use tokio::time::timeout;

/// A notice that changes nothing, for an earlier connection of the process that the server still has.
const NO_GRANT: &str = "granted";

/// Connects to the server of an address, or to the one that its sentinels name, and subscribes the process's channel.
/// Each failed attempt moves the first sentinel to the next one, because an attempt has no time for many silent ones, and
/// because a sentinel may name a server that is no master any more.
///
/// # Errors
/// Returns the problem for people.
pub async fn open(
    address: &Address,
    process: &ProcessId,
    lease: Duration,
    failed: usize,
    limit: Duration,
) -> Result<Connection, ConnectError> {
    let opening = timeout(limit, open_unbounded(address, process, lease, failed));
    opening.await.unwrap_or_else(|_| Err(ConnectError::new("no answer in time")))
}

async fn open_unbounded(
    address: &Address,
    process: &ProcessId,
    lease: Duration,
    failed: usize,
) -> Result<Connection, ConnectError> {
    let master = match &address.sentinels {
        Some(sentinels) => sentinel::find_master(address, sentinels, failed).await?,
        None => address.nodes[0].clone(),
    };
    let mut asking = Asking::new(connect(address, &master).await?);
    log_in(&mut asking, &address.login, "passwordFile", Protocol::Pushing).await?;
    if address.sentinels.is_some() {
        sentinel::check_master(&mut asking).await?;
    }
    if address.database != 0 {
        let selected = asking.ask(cmd("SELECT").arg(address.database)).await;
        selected.map_err(|problem| ConnectError(format!("the database of the address: {problem}")))?;
    }
    let channel = address.name.channel(process);
    // The script needs both only for calls that waited. Without these rights it would fail in the middle of its work.
    asking.ask(cmd("PUBLISH").arg(&channel).arg(NO_GRANT)).await?;
    asking.ask(cmd("PUBSUB").arg("NUMSUB").arg(&channel)).await?;
    asking.ask(cmd("SUBSCRIBE").arg(&channel)).await?;
    Ok(Connection::new(asking, &address.name, process, lease))
}
