//! The state of a fleet, as objects.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::address::parse;
use super::event::number;
use crate::bindings::error::{Result, internal, system};
use crate::bindings::time::milliseconds;
use crate::fleet::driver::list;
use crate::fleet::script::{ListedHolder, ListedPause, ListedProcess, ListedServer, ListedWaiter, Listing};
use crate::supervisor::Supervisor;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;

/// The state of a fleet. Lists are bounded; the counts are exact. Times are in ms.
#[napi(object, object_from_js = false)]
pub struct FleetListing {
    /// The overall limit.
    pub limit: u32,
    /// The slots in use.
    pub in_use: u32,
    /// The number of calls that hold slots.
    pub holders: f64,
    /// The number of calls that wait.
    pub waiters: f64,
    /// The number of processes.
    pub processes: f64,
    /// The first processes, by the end of their lease.
    pub process_list: Vec<FleetProcess>,
    /// The first servers with slots in use or limits.
    pub server_list: Vec<FleetServer>,
    /// The first holders.
    pub holder_list: Vec<FleetHolder>,
    /// The first waiters.
    pub waiter_list: Vec<FleetWaiter>,
    /// The pauses.
    pub pause_list: Vec<FleetPause>,
}

/// A process of the fleet.
#[napi(object, object_from_js = false)]
pub struct FleetProcess {
    /// Its id.
    pub id: String,
    /// The machine's name.
    pub host: String,
    /// The number of the process on its machine.
    pub pid: u32,
    /// The rest of its lease.
    pub lease_left: f64,
    /// The number of its calls that hold slots.
    pub holders: f64,
    /// The number of its calls that wait.
    pub waiters: f64,
}

/// A server of the fleet.
#[napi(object, object_from_js = false)]
pub struct FleetServer {
    /// Its name.
    pub server: String,
    /// The slots in use.
    pub in_use: u32,
    /// Its limit, if it has one.
    pub limit: Option<u32>,
}

/// A call that holds slots.
#[napi(object, object_from_js = false)]
pub struct FleetHolder {
    /// The id of its process.
    pub process: String,
    /// The number of the call within its process.
    pub call: f64,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// The fence; undefined for a call that started while Redis was away.
    pub fence: Option<f64>,
    /// The time since the grant, likewise.
    pub age: Option<f64>,
}

/// A call that waits.
#[napi(object, object_from_js = false)]
pub struct FleetWaiter {
    /// The id of its process.
    pub process: String,
    /// The number of the call within its process.
    pub call: f64,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// The ticket.
    pub ticket: f64,
    /// The time for which it has waited.
    pub age: f64,
}

/// A pause of a server.
#[napi(object, object_from_js = false)]
pub struct FleetPause {
    /// The server.
    pub server: String,
    /// The rest of the pause.
    pub left: f64,
}

/// Lists the state of a fleet without joining it. Throws `ERR_INVALID_CONFIG` for a wrong address, and rejects with the
/// problem of the connection.
#[napi(ts_return_type = "Promise<FleetListing>")]
pub fn list_fleet(env: &Env, url: String) -> Result<Object<'_>> {
    let address = parse(&url)?;
    let supervisor = Supervisor::get().map_err(system)?;
    let (deferred, listed) = env.create_deferred().map_err(internal)?;
    supervisor.runtime.spawn(async move {
        match list(&address).await {
            Ok(listing) => deferred.resolve(move |_| Ok(FleetListing::from(listing))),
            Err(problem) => deferred.reject(napi::Error::from_reason(problem.to_string())),
        }
    });
    Ok(listed)
}

impl From<Listing> for FleetListing {
    fn from(listing: Listing) -> Self {
        Self {
            limit: listing.limit,
            in_use: listing.in_use,
            holders: number(listing.holders),
            waiters: number(listing.waiters),
            processes: number(listing.processes),
            process_list: listing.process_list.into_iter().map(Into::into).collect(),
            server_list: listing.server_list.into_iter().map(Into::into).collect(),
            holder_list: listing.holder_list.into_iter().map(Into::into).collect(),
            waiter_list: listing.waiter_list.into_iter().map(Into::into).collect(),
            pause_list: listing.pause_list.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<ListedProcess> for FleetProcess {
    fn from(ListedProcess { id, info, lease_left, holders, waiters }: ListedProcess) -> Self {
        let (holders, waiters) = (number(holders), number(waiters));
        Self { id, host: info.host, pid: info.pid, lease_left: milliseconds(lease_left), holders, waiters }
    }
}

impl From<ListedServer> for FleetServer {
    fn from(ListedServer { server, in_use, limit }: ListedServer) -> Self {
        Self { server, in_use, limit }
    }
}

impl From<ListedHolder> for FleetHolder {
    fn from(ListedHolder { process, id, server, cost, fence, age }: ListedHolder) -> Self {
        Self { process, call: number(id), server, cost, fence: fence.map(number), age: age.map(milliseconds) }
    }
}

impl From<ListedWaiter> for FleetWaiter {
    fn from(ListedWaiter { process, id, server, cost, ticket, age }: ListedWaiter) -> Self {
        Self { process, call: number(id), server, cost, ticket: number(ticket), age: milliseconds(age) }
    }
}

impl From<ListedPause> for FleetPause {
    fn from(ListedPause { server, left }: ListedPause) -> Self {
        Self { server, left: milliseconds(left) }
    }
}
