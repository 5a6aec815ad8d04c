//! Sentinels, which know the server that is the master now.

use super::handshake::{Asking, Protocol, log_in};
use super::stream::connect;
use super::words::ConnectError;
use crate::fleet::address::{Address, Node, Sentinels};
use redis::{Value, cmd};
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::timeout;

/// The time in which a sentinel has to answer before the next one is asked.
const TIMEOUT: Duration = Duration::from_secs(1);

/// Asks the sentinels one after another, from a number on. The problem is that of the last one in the address, whichever is
/// asked first.
pub async fn find_master(address: &Address, sentinels: &Sentinels, first: usize) -> Result<Node, ConnectError> {
    let count = address.nodes.len();
    let mut problems = BTreeMap::new();
    for at in (first..).take(count).map(|turn| turn % count) {
        let node = &address.nodes[at];
        let problem = match timeout(TIMEOUT, ask_one(address, sentinels, node)).await {
            Ok(Ok(master)) => return Ok(master),
            Ok(Err(problem)) => problem,
            Err(_) => ConnectError::new("no answer in time"),
        };
        problems.insert(at, ConnectError(format!("the sentinel {node}: {problem}")));
    }
    Err(problems.pop_last().map_or_else(|| ConnectError::new("there is no sentinel"), |(_, problem)| problem))
}

async fn ask_one(address: &Address, sentinels: &Sentinels, node: &Node) -> Result<Node, ConnectError> {
    let mut asking = Asking::new(connect(address, node).await?);
    log_in(&mut asking, &sentinels.login, "sentinelPasswordFile", Protocol::Old).await?;
    let question = cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(&sentinels.master).to_owned();
    match asking.ask(&question).await? {
        Value::Nil => Err(ConnectError::new("it knows no master of this name")),
        Value::Array(parts) => node_of(&parts).ok_or_else(|| ConnectError::new("its answer is not a sentinel's")),
        _ => Err(ConnectError::new("its answer is not a sentinel's")),
    }
}

fn node_of(parts: &[Value]) -> Option<Node> {
    let [Value::BulkString(host), Value::BulkString(port)] = parts else { return None };
    let host = String::from_utf8(host.clone()).ok().filter(|host| host.len() <= 255)?;
    Some(Node { host, port: std::str::from_utf8(port).ok()?.parse().ok()? })
}

/// Checks that the server is a master. After a failover the sentinels may still name the old one.
pub async fn check_master(asking: &mut Asking) -> Result<(), ConnectError> {
    match asking.ask(&cmd("ROLE")).await {
        Ok(Value::Array(parts)) => match parts.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(()),
            _ => Err(ConnectError::new("the server that the sentinels name is a replica")),
        },
        Ok(_) => Err(ConnectError::new("the answer is not Redis's")),
        Err(problem) => Err(problem),
    }
}
