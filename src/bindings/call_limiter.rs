//! The limit on the calls of one helper. All of it happens on the JavaScript thread.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::deferred::Deferred;
use super::error::{self, Result, internal};
use super::time::{self, milliseconds, since_start};
use crate::error::Error;
use crate::limit::calls::{CallLimiter, Hold, Limits, Rate, ServerUse, Ticket};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Unknown};
use napi_derive::napi;

/// The limits of a server, checked by `lib/`.
#[napi(object, object_to_js = false)]
pub struct CallLimits {
    /// The server's name.
    pub server: String,
    /// The most slots for its calls.
    pub limit: Option<u32>,
    /// The most calls that start within `interval`.
    pub rate: Option<u32>,
    /// In ms.
    pub interval: Option<f64>,
}

/// The counts of a limiter.
#[napi(object, object_from_js = false)]
pub struct CallLimiterStatus {
    /// The overall limit.
    pub limit: u32,
    /// The slots in use.
    pub in_use: u32,
    /// The number of waiters.
    pub queued: u32,
}

/// The use of a server.
#[napi(object, object_from_js = false)]
pub struct CallServerUse {
    /// The server's name.
    pub server: String,
    /// The limit; undefined without one.
    pub limit: Option<u32>,
    /// The rate; undefined without one.
    pub rate: Option<CallRateUse>,
    /// The slots in use.
    pub in_use: u32,
    /// The number of waiters.
    pub queued: u32,
    /// The reason that the first waiter does not start.
    pub hold: CallHold,
    /// The ms until the pause ends; 0 without a pause.
    pub pause_left: f64,
    /// The ms until the server's next start; 0 unless a start has failed.
    pub start_left: f64,
}

/// The use of a rate.
#[napi(object, object_from_js = false)]
pub struct CallRateUse {
    /// The most calls within `interval`.
    pub limit: u32,
    /// In ms.
    pub interval: f64,
    /// The calls that count now.
    pub recent: u32,
}

/// The reason that the first waiter of a server does not start.
#[napi(string_enum = "lowercase")]
pub enum CallHold {
    /// Nothing of the server's.
    None,
    /// The limit.
    Limit,
    /// The rate.
    Rate,
    /// The pause.
    Pause,
    /// The pause between two starts of the server.
    Start,
}

/// The slots of one helper, and its waiters.
#[napi]
pub struct NativeCallLimiter(CallLimiter<Deferred>);

#[napi]
impl NativeCallLimiter {
    /// Makes a limiter with all slots free.
    #[napi(constructor)]
    pub fn new(limit: u32, servers: Vec<CallLimits>) -> Self {
        let limits = servers.iter().map(|given| (given.server.as_str(), limits_of(given)));
        Self(CallLimiter::new(limit, limits))
    }

    /// Starts a call at once, and returns its ticket. Returns 0 if the call has to wait.
    #[napi]
    pub fn try_start(&mut self, server: String, cost: u32) -> f64 {
        self.0.try_start(&server, cost, since_start()).map_or(0.0, number_of)
    }

    /// Adds a waiter. The promise resolves at the waiter's turn and rejects after `timeout` ms, `Infinity` for never.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn push(&mut self, env: &Env, server: String, cost: u32, timeout: f64) -> Result<PromiseRaw<'static, ()>> {
        let (waiter, promise) = Deferred::new(env).map_err(internal)?;
        let timeout = time::timeout(timeout);
        self.0.push(waiter, &server, cost, since_start(), timeout);
        Ok(promise)
    }

    /// Adds a waiter at the place of its ticket: a call that has given its slots back.
    #[napi(ts_return_type = "Promise<void>")]
    pub fn push_at(
        &mut self,
        env: &Env,
        ticket: f64,
        server: String,
        cost: u32,
        timeout: f64,
    ) -> Result<PromiseRaw<'static, ()>> {
        let (waiter, promise) = Deferred::new(env).map_err(internal)?;
        self.0.push_at(ticket_of(ticket), waiter, &server, cost, since_start(), time::timeout(timeout));
        Ok(promise)
    }

    /// Returns the ticket of the last waiter, for `cancel()`.
    #[napi]
    pub fn last_ticket(&self) -> f64 {
        number_of(self.0.last_ticket())
    }

    /// Returns the number of waiters.
    #[napi]
    pub fn queued(&self) -> u32 {
        u32::try_from(self.0.queued()).unwrap_or(u32::MAX)
    }

    /// Returns the number of waiters with one more for a server, but without those that would have slots if their servers were
    /// started at once.
    #[napi]
    pub fn queued_with(&self, server: String) -> u32 {
        u32::try_from(self.0.queued_with(&server, since_start())).unwrap_or(u32::MAX)
    }

    /// Returns whether a waiter has only the overall limit before it.
    #[napi]
    pub fn waits_for_slots(&mut self) -> bool {
        self.0.waits_for_slots(since_start())
    }

    /// Notes that a call that has its slot was sent.
    #[napi]
    pub fn send(&mut self, server: String) {
        self.0.send(&server, since_start());
    }

    /// Notes that a call was sent another time.
    #[napi]
    pub fn send_again(&mut self, server: String) {
        self.0.send_again(&server, since_start());
    }

    /// Gives the slots of a call back.
    #[napi]
    pub fn release(&mut self, server: String, cost: u32) {
        self.0.release(&server, cost, since_start());
    }

    /// Gives the slots of a call back that was not sent and is queued again.
    #[napi]
    pub fn give_back(&mut self, server: String, cost: u32) {
        self.0.give_back(&server, cost, since_start());
    }

    /// Lets no call of the server start for this many ms, because the server itself is not started before.
    #[napi]
    pub fn hold_starts(&mut self, server: String, ms: f64) {
        let now = since_start();
        self.0.hold_starts(&server, now.saturating_add(time::duration(ms)), now);
    }

    /// Lets no call of the server start for this many ms. A longer pause stays.
    #[napi]
    pub fn pause(&mut self, server: String, ms: f64) {
        let now = since_start();
        self.0.pause(&server, now.saturating_add(time::duration(ms)), now);
    }

    /// Changes the overall limit.
    #[napi]
    pub fn resize(&mut self, limit: u32) {
        self.0.resize(limit);
    }

    /// Rejects a waiter that still waits.
    #[napi]
    pub fn cancel(&mut self, env: &Env, ticket: f64, reason: Unknown) -> Result<()> {
        let waiter = self.0.cancel(ticket_of(ticket), since_start());
        waiter.map_or(Ok(()), |waiter| waiter.reject(env, &reason)).map_err(internal)
    }

    /// Rejects all waiters, in the order of arrival.
    #[napi]
    pub fn clear(&mut self, env: &Env, reason: Unknown) -> Result<()> {
        let waiters = self.0.clear(since_start());
        waiters.into_iter().try_for_each(|waiter| waiter.reject(env, &reason)).map_err(internal)
    }

    /// Rejects the waiters whose deadline has passed, and starts those that may start. Returns the ms until that is due
    /// again: `Infinity` when only a release can help the waiters, -1 when there is no waiter.
    #[napi]
    pub fn settle(&mut self, env: &Env) -> Result<f64> {
        let now = since_start();
        while let Some((waiter, timeout)) = self.0.expire(now) {
            let reason = error::to_javascript(env, &Error::QueueTimeout(timeout)).map_err(internal)?;
            waiter.reject(env, &reason).map_err(internal)?;
        }
        while let Some(waiter) = self.0.start_next(now) {
            waiter.resolve(env).map_err(internal)?;
        }
        Ok(match self.0.next_time() {
            Some(time) => milliseconds(time.saturating_sub(now)),
            None if self.0.queued() == 0 => -1.0,
            None => f64::INFINITY,
        })
    }

    /// Returns the counts.
    #[napi]
    pub fn status(&self) -> CallLimiterStatus {
        CallLimiterStatus { limit: self.0.limit(), in_use: self.0.in_use(), queued: self.queued() }
    }

    /// Returns the servers with limits, calls, waiters or a pause, by name.
    #[napi]
    pub fn servers(&mut self) -> Vec<CallServerUse> {
        self.0.servers(since_start()).into_iter().map(CallServerUse::from).collect()
    }
}

impl From<ServerUse> for CallServerUse {
    fn from(server: ServerUse) -> Self {
        let ServerUse { name, limit, rate, in_use, queued, hold, pause_left, start_left } = server;
        let rate = rate.map(|(Rate { limit, interval }, recent)| {
            let interval = milliseconds(interval);
            CallRateUse { limit, interval, recent }
        });
        Self {
            server: name,
            limit,
            rate,
            in_use,
            queued: u32::try_from(queued).unwrap_or(u32::MAX),
            hold: hold.into(),
            pause_left: milliseconds(pause_left),
            start_left: milliseconds(start_left),
        }
    }
}

impl From<Hold> for CallHold {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::None => Self::None,
            Hold::Limit => Self::Limit,
            Hold::Rate(_) => Self::Rate,
            Hold::Pause(_) => Self::Pause,
            Hold::Start(_) => Self::Start,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "2^53 calls take longer than a machine lives")]
fn number_of(ticket: Ticket) -> f64 {
    ticket as f64
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from number_of")]
fn ticket_of(number: f64) -> Ticket {
    number as Ticket
}

pub fn limits_of(given: &CallLimits) -> Limits {
    let interval = given.interval.map(time::duration);
    let rate = given.rate.zip(interval).map(|(limit, interval)| Rate { limit, interval });
    Limits { limit: given.limit, rate }
}
