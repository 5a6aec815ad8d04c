//! The limit on the calls of a fleet. JavaScript is woken for events, and then takes all of them.

mod address;
mod event;
mod listing;

use super::call_limiter::{CallLimits, limits_of};
use super::enums::mirrored;
use super::error::{Result, internal, system};
use super::time::{duration, milliseconds};
use super::waker::waker;
use crate::fleet::client::{self, Mode, Options};
use crate::fleet::driver::{Event, Fleet};
use crate::fleet::script::{CallId, ProcessInfo, ServerLimits, Terms, Usage};
use crate::process::clock::awake_or_asleep;
use crate::supervisor::Supervisor;
use address::parse;
use event::{FleetEvent, number};
use listing::FleetListing;
use napi::Env;
use napi::bindgen_prelude::{Function, Object};
use napi_derive::napi;
use parking_lot::Mutex;
use std::sync::Arc;

mirrored! {
    #[doc = " The behaviour while Redis is away."]
    #[napi(string_enum = "lowercase")]
    pub enum FleetFallback => client::OnUnreachable {
        Local,
        Refuse,
    }
}

/// The settings of a place in a fleet. Times are in ms.
#[napi(object, object_to_js = false)]
pub struct FleetOptions {
    /// The address of Redis, as `MCP_LIMIT_URL` gives it.
    pub url: String,
    /// The overall limit.
    pub limit: u32,
    /// The servers with limits or rates.
    pub servers: Vec<CallLimits>,
    /// The time after which Redis frees the slots of a silent process.
    pub lease: f64,
    /// The longest time between the request to end and the kill of a process tree.
    pub kill_grace: f64,
    /// The behaviour while Redis is away.
    pub on_unreachable: FleetFallback,
    /// The machine's name.
    pub host: String,
}

/// The place that decides about calls.
#[napi(string_enum = "lowercase")]
pub enum FleetMode {
    /// The first connection is being made.
    Connecting,
    /// Redis.
    Fleet,
    /// This process alone.
    Local,
    /// Nothing: calls are refused.
    Unreachable,
}

/// The state of a place in a fleet.
#[napi(object, object_from_js = false)]
pub struct FleetStatus {
    /// The place that decides.
    pub mode: FleetMode,
    /// The slots of this process while it decides alone.
    pub share: Option<u32>,
    /// The reason for which Redis does not decide.
    pub reason: Option<String>,
    /// The processes of the fleet, as Redis said last.
    pub processes: u32,
    /// The ms in which Redis grants nothing, because it lost its memory.
    pub grace_left: f64,
    /// The use of the whole fleet, as Redis said last. Absent while Redis does not decide.
    #[napi(js_name = "use")]
    pub usage: Option<FleetUse>,
}

/// The use of a whole fleet.
#[napi(object, object_from_js = false)]
pub struct FleetUse {
    /// The overall limit in force.
    pub limit: u32,
    /// The slots in use.
    pub in_use: u32,
    /// The number of calls that wait.
    pub waiting: f64,
}

/// The place of one helper in a fleet.
#[napi]
pub struct NativeFleetLimit {
    fleet: Fleet,
    /// The events that JavaScript has not taken yet.
    untaken: Arc<Mutex<Vec<Event>>>,
}

#[napi]
impl NativeFleetLimit {
    /// Joins a fleet. `wake` is called when there are events to take, and does not keep the event loop alive.
    /// Throws `ERR_INVALID_CONFIG` with a message that has no part of the address.
    #[napi(constructor)]
    pub fn new(options: FleetOptions, wake: Function<(), ()>) -> Result<Self> {
        let address = parse(&options.url)?;
        let options = options.into();
        Options::check(&options)?;
        let supervisor = Supervisor::get().map_err(system)?;
        let wake = waker(&wake)?;
        let untaken = Arc::new(Mutex::new(Vec::new()));
        let queue = Arc::clone(&untaken);
        let notify = move |event| {
            let mut queue = queue.lock();
            queue.push(event);
            // JavaScript takes all events, so it is woken for the first.
            if queue.len() == 1 {
                wake();
            }
        };
        let fleet = Fleet::join(address, options, awake_or_asleep, supervisor.runtime.handle(), notify);
        Ok(Self { fleet, untaken })
    }

    /// Takes the events since the last call, oldest first.
    #[napi]
    pub fn take(&self) -> Vec<FleetEvent> {
        let events = std::mem::take(&mut *self.untaken.lock());
        events.into_iter().map(FleetEvent::from).collect()
    }

    /// Asks for the slots of a call. The calls are counted up from 1. `granted`, `cancelled` or `refused` follows.
    #[napi]
    pub fn acquire(&self, id: f64, server: String, cost: u32) {
        self.fleet.acquire(call(id), server, cost);
    }

    /// Takes a waiting call back.
    #[napi]
    pub fn cancel(&self, id: f64) {
        self.fleet.cancel(call(id));
    }

    /// Notes that a call was sent to its server.
    #[napi]
    pub fn sent(&self, id: f64) {
        self.fleet.sent(call(id));
    }

    /// Gives the slots of a call back.
    #[napi]
    pub fn release(&self, id: f64) {
        self.fleet.release(call(id));
    }

    /// Lets no call of the server start for a while, in the whole fleet.
    #[napi]
    pub fn pause(&self, server: String, ms: f64) {
        self.fleet.pause(server, duration(ms));
    }

    /// Returns the state as of the last event.
    #[napi]
    pub fn status(&self) -> FleetStatus {
        self.fleet.status().into()
    }

    /// Lists the state of the whole fleet. Resolves with null if Redis does not answer.
    #[napi(ts_return_type = "Promise<FleetListing | null>")]
    pub fn list<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let supervisor = Supervisor::get().map_err(system)?;
        let (deferred, listed) = env.create_deferred().map_err(internal)?;
        let fleet = self.fleet.clone();
        supervisor.runtime.spawn(async move {
            let listing = fleet.list().await;
            deferred.resolve(move |_| Ok(listing.map(FleetListing::from)));
        });
        Ok(listed)
    }

    /// Leaves the fleet. Resolves when Redis has heard of it, at most a second later.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn close<'env>(&self, env: &'env Env) -> Result<Object<'env>> {
        let supervisor = Supervisor::get().map_err(system)?;
        let (deferred, closed) = env.create_deferred().map_err(internal)?;
        let fleet = self.fleet.clone();
        supervisor.runtime.spawn(async move {
            fleet.close().await;
            deferred.resolve(|_| Ok(()));
        });
        Ok(closed)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lib/ counts calls from 1")]
fn call(id: f64) -> CallId {
    id as CallId
}

impl From<FleetOptions> for Options {
    fn from(options: FleetOptions) -> Self {
        let servers = options.servers.iter();
        let servers = servers.map(|given| ServerLimits { server: given.server.clone(), limits: limits_of(given) });
        let info = ProcessInfo { host: options.host, pid: std::process::id(), label: String::new() };
        Self {
            terms: Terms { limit: options.limit, servers: servers.collect() },
            lease: duration(options.lease),
            kill_grace: duration(options.kill_grace),
            on_unreachable: options.on_unreachable.into(),
            info,
        }
    }
}

impl From<client::Status> for FleetStatus {
    fn from(status: client::Status) -> Self {
        let (mode, share, reason) = match status.mode {
            Mode::Connecting => (FleetMode::Connecting, None, None),
            Mode::Fleet => (FleetMode::Fleet, None, None),
            Mode::Local { share, reason } => (FleetMode::Local, Some(share), Some(reason)),
            Mode::Unreachable { reason } => (FleetMode::Unreachable, None, Some(reason)),
        };
        let usage = status.usage.map(FleetUse::from);
        Self { mode, share, reason, processes: status.processes, grace_left: milliseconds(status.grace_left), usage }
    }
}

impl From<Usage> for FleetUse {
    fn from(usage: Usage) -> Self {
        let Usage { limit, in_use, waiting } = usage;
        Self { limit, in_use, waiting: number(waiting) }
    }
}
