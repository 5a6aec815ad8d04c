//! The wait queues of one JavaScript environment, by handle, because free functions cost a third of class methods.

use super::deferred::Deferred;
use super::error::{self, Result, internal};
use super::time::{self, milliseconds, since_start};
use crate::error::Error;
use crate::wait_queue::WaitQueue;
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Unknown};
use napi_derive::napi;
use slab::Slab;
use std::cell::RefCell;

thread_local! {
    /// The queues of one environment, which has a thread of its own. Promises never meet another environment's.
    static QUEUES: RefCell<Slab<WaitQueue<Deferred>>> = const { RefCell::new(Slab::new()) };
}

/// Runs `change` on the queue; promises are settled by the caller, after the borrow has ended.
fn with<T>(handle: u32, change: impl FnOnce(&mut WaitQueue<Deferred>) -> T) -> Result<T> {
    QUEUES.with_borrow_mut(|queues| {
        let queue = queues.get_mut(handle as usize);
        queue.map(change).ok_or_else(|| napi::Error::new("ERR_INTERNAL", "no such queue"))
    })
}

fn length(queue: &WaitQueue<Deferred>) -> u32 {
    u32::try_from(queue.len()).unwrap_or(u32::MAX)
}

/// Creates a queue and returns its handle.
#[napi]
pub fn wait_queue_create() -> u32 {
    let handle = QUEUES.with_borrow_mut(|queues| queues.insert(WaitQueue::default()));
    u32::try_from(handle).unwrap_or(u32::MAX)
}

/// Drops a queue after its JavaScript owner was collected.
#[napi]
pub fn wait_queue_free(handle: u32) {
    QUEUES.with_borrow_mut(|queues| queues.try_remove(handle as usize));
}

/// Adds a waiter. The promise resolves at the waiter's turn and rejects after `timeout` ms, `Infinity` for never.
#[napi(ts_return_type = "Promise<void>")]
pub fn wait_queue_push(env: &Env, handle: u32, timeout: f64) -> Result<PromiseRaw<'static, ()>> {
    let (waiter, promise) = Deferred::new(env).map_err(internal)?;
    let timeout = time::timeout(timeout);
    with(handle, |queue| queue.push(waiter, since_start(), timeout))?;
    Ok(promise)
}

/// Returns the ticket of the first waiter; 0, which no waiter has, when there is no waiter.
#[napi]
pub fn wait_queue_first_ticket(handle: u32) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 waiters take longer than a machine lives")]
    with(handle, |queue| queue.first_ticket().unwrap_or(0) as f64)
}

/// Returns the ticket of the last waiter, for `waitQueueCancel()`.
#[napi]
pub fn wait_queue_last_ticket(handle: u32) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 waiters take longer than a machine lives")]
    with(handle, |queue| queue.last_ticket() as f64)
}

/// Returns the count of waiters.
#[napi]
pub fn wait_queue_length(handle: u32) -> Result<u32> {
    with(handle, |queue| length(queue))
}

/// Resolves the promise of the first waiter, if any, and returns the count of the others.
#[napi]
pub fn wait_queue_resolve_first(env: &Env, handle: u32) -> Result<u32> {
    let (first, left) = with(handle, |queue| (queue.pop(), length(queue)))?;
    first.map_or(Ok(()), |waiter| waiter.resolve(env)).map_err(internal)?;
    Ok(left)
}

/// Rejects the promise of the first waiter, if any, and returns the count of the others.
#[napi]
pub fn wait_queue_reject_first(env: &Env, handle: u32, reason: Unknown) -> Result<u32> {
    let (first, left) = with(handle, |queue| (queue.pop(), length(queue)))?;
    first.map_or(Ok(()), |waiter| waiter.reject(env, &reason)).map_err(internal)?;
    Ok(left)
}

/// Rejects a waiter that still waits, and returns the count of the others.
#[napi]
pub fn wait_queue_cancel(env: &Env, handle: u32, ticket: f64, reason: Unknown) -> Result<u32> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from wait_queue_last_ticket")]
    let (waiter, left) = with(handle, |queue| (queue.cancel(ticket as u64), length(queue)))?;
    waiter.map_or(Ok(()), |waiter| waiter.reject(env, &reason)).map_err(internal)?;
    Ok(left)
}

/// Rejects the waiters whose deadline has passed. Returns the ms until the next deadline: `Infinity` when all waiters are
/// without a timeout, -1 when there is no waiter.
#[napi]
pub fn wait_queue_expire(env: &Env, handle: u32) -> Result<f64> {
    let now = since_start();
    while let Some((waiter, timeout)) = with(handle, |queue| queue.expire(now))? {
        let reason = error::to_javascript(env, &Error::QueueTimeout(timeout)).map_err(internal)?;
        waiter.reject(env, &reason).map_err(internal)?;
    }
    with(handle, |queue| match queue.next_deadline() {
        Some(deadline) => milliseconds(deadline.saturating_sub(now)),
        None if queue.is_empty() => -1.0,
        None => f64::INFINITY,
    })
}
