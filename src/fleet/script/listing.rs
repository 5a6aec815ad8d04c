//! The state of a fleet, for people. Each list is bounded; the counts are exact.

use super::name::unescaped;
use super::{CallId, Fence, ProcessInfo, Ticket, Value};
use std::time::Duration;

/// The state of a fleet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The overall limit.
    pub limit: u32,
    /// The slots in use.
    pub in_use: u32,
    /// The number of calls that hold slots.
    pub holders: u64,
    /// The number of calls that wait.
    pub waiters: u64,
    /// The number of processes with a lease.
    pub processes: u64,
    /// The first processes, by the end of their lease.
    pub process_list: Vec<ListedProcess>,
    /// The first servers with slots in use or limits.
    pub server_list: Vec<ListedServer>,
    /// The first holders.
    pub holder_list: Vec<ListedHolder>,
    /// The first waiters.
    pub waiter_list: Vec<ListedWaiter>,
    /// The pauses.
    pub pause_list: Vec<ListedPause>,
}

/// The use of a whole fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The overall limit in force.
    pub limit: u32,
    /// The slots in use.
    pub in_use: u32,
    /// The number of calls that wait.
    pub waiting: u64,
}

/// A process of the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedProcess {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub info: ProcessInfo,
    /// The rest of its lease; zero if the lease is over.
    pub lease_left: Duration,
    /// The number of its calls that hold slots.
    pub holders: u64,
    /// The number of its calls that wait.
    pub waiters: u64,
}

/// A server of the fleet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedServer {
    /// Its name.
    pub server: String,
    /// The slots in use.
    pub in_use: u32,
    /// Its limit, if it has one.
    pub limit: Option<u32>,
}

/// A call that holds slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedHolder {
    /// The id of its process.
    pub process: String,
    /// The call.
    pub id: CallId,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// The fence; `None` for a call that started while Redis was away.
    pub fence: Option<Fence>,
    /// The time for which it has held them; `None` for a call that started while Redis was away.
    pub age: Option<Duration>,
}

/// A call that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedWaiter {
    /// The id of its process.
    pub process: String,
    /// The call.
    pub id: CallId,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// The ticket.
    pub ticket: Ticket,
    /// The time for which it has waited.
    pub age: Duration,
}

/// A pause of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedPause {
    /// The server.
    pub server: String,
    /// The rest of the pause.
    pub left: Duration,
}

impl Listing {
    /// Returns the use of the whole fleet.
    pub const fn usage(&self) -> Usage {
        Usage { limit: self.limit, in_use: self.in_use, waiting: self.waiters }
    }

    pub(super) fn read(value: &Value) -> Option<Self> {
        let [counts, processes, servers, holders, waiters, pauses] = value.list()? else { return None };
        let [now, limit, in_use, held, waiting, known] = counts.numbers()?[..] else { return None };
        let since = |time: u64| Duration::from_micros(now.saturating_sub(time));
        Some(Self {
            limit: small(limit),
            in_use: small(in_use),
            holders: held,
            waiters: waiting,
            processes: known,
            process_list: rows(processes, |[id, info, left, holders, waiters]| {
                Some(ListedProcess {
                    id: id.text()?,
                    info: ProcessInfo::from_text(&info.text()?),
                    lease_left: Duration::from_millis(left.number()?),
                    holders: holders.number()?,
                    waiters: waiters.number()?,
                })
            })?,
            server_list: rows(servers, |[server, in_use, limit]| {
                Some(ListedServer {
                    server: unescaped(&server.text()?),
                    in_use: small(in_use.number()?),
                    limit: limit.number().map(small),
                })
            })?,
            holder_list: rows(holders, |[process, id, server, cost, fence]| {
                let fence = Some(fence.number()?).filter(|&fence| fence != 0);
                Some(ListedHolder {
                    process: process.text()?,
                    id: id.number()?,
                    server: unescaped(&server.text()?),
                    cost: small(cost.number()?),
                    fence,
                    age: fence.map(since),
                })
            })?,
            waiter_list: rows(waiters, |[process, id, server, cost, ticket]| {
                Some(ListedWaiter {
                    process: process.text()?,
                    id: id.number()?,
                    server: unescaped(&server.text()?),
                    cost: small(cost.number()?),
                    ticket: ticket.number()?,
                    age: since(ticket.number()?),
                })
            })?,
            pause_list: rows(pauses, |[server, left]| {
                Some(ListedPause { server: unescaped(&server.text()?), left: Duration::from_millis(left.number()?) })
            })?,
        })
    }
}

/// Reads a flat list of rows.
fn rows<T, const N: usize>(list: &Value, row: impl Fn(&[Value; N]) -> Option<T>) -> Option<Vec<T>> {
    let (rows, rest) = list.list()?.as_chunks::<N>();
    if rest.is_empty() { rows.iter().map(row).collect() } else { None }
}

pub(super) fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
