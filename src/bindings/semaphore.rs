//! Semaphores of one JavaScript environment, by handle: free functions cost a third of class methods.

use super::deferred::Deferred;
use super::error::{self, Result, internal};
use crate::error::Error;
use crate::semaphore::{Acquired, Semaphore};
use napi::bindgen_prelude::PromiseRaw;
use napi::{Env, Unknown};
use napi_derive::napi;
use slab::Slab;
use std::cell::RefCell;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

thread_local! {
    /// Each environment runs on a thread of its own, so its promises never meet another's.
    static SEMAPHORES: RefCell<Slab<Semaphore<Deferred>>> = const { RefCell::new(Slab::new()) };
}

/// Runs `change` on the semaphore; promises are settled by the caller, after the borrow has ended.
fn with<T>(handle: u32, change: impl FnOnce(&mut Semaphore<Deferred>) -> T) -> Result<T> {
    SEMAPHORES.with_borrow_mut(|semaphores| {
        let semaphore = semaphores.get_mut(handle as usize);
        semaphore.map(change).ok_or_else(|| napi::Error::new("ERR_INTERNAL", "no such semaphore"))
    })
}

fn reject(env: &Env, waiter: Deferred, error: &Error) -> Result<()> {
    error::to_javascript(env, error).and_then(|reason| waiter.reject(env, &reason)).map_err(internal)
}

fn resolve(env: &Env, waiter: Option<Deferred>) -> Result<()> {
    waiter.map_or(Ok(()), |waiter| waiter.resolve(env)).map_err(internal)
}

fn time(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}

/// Makes a semaphore and returns its handle; `maxQueue` undefined is unbounded.
#[napi]
pub fn semaphore_create(limit: u32, max_queue: Option<u32>) -> u32 {
    let limit = NonZeroU32::new(limit).unwrap_or(NonZeroU32::MIN);
    let semaphore = Semaphore::new(limit, max_queue.and_then(NonZeroU32::new));
    let handle = SEMAPHORES.with_borrow_mut(|semaphores| semaphores.insert(semaphore));
    u32::try_from(handle).unwrap_or(u32::MAX)
}

/// Forgets a semaphore that nothing can reach any more.
#[napi]
pub fn semaphore_free(handle: u32) {
    SEMAPHORES.with_borrow_mut(|semaphores| semaphores.try_remove(handle as usize));
}

/// Takes a slot if one is free.
#[napi]
pub fn semaphore_try_acquire(handle: u32) -> Result<bool> {
    with(handle, Semaphore::try_acquire)
}

/// Resolves once a slot is held; `timeout` is in ms, `Infinity` for none. Throws when the queue is full or closed.
#[napi(ts_return_type = "Promise<void>")]
pub fn semaphore_acquire(env: &Env, handle: u32, timeout: f64) -> Result<PromiseRaw<'static, ()>> {
    let (waiter, promise) = Deferred::new(env).map_err(internal)?;
    match with(handle, |semaphore| semaphore.acquire(waiter, START.elapsed(), time(timeout)))? {
        Ok(Acquired::Queued(_)) => Ok(promise),
        Ok(Acquired::Now(waiter)) => resolve(env, Some(waiter)).map(|()| promise),
        // Settled although nobody has its promise, because an unsettled one is never freed.
        Err((waiter, error)) => resolve(env, Some(waiter)).and(Err(error.into())),
    }
}

/// The ticket of the waiter that queued last, to cancel it by.
#[napi]
pub fn semaphore_last_ticket(handle: u32) -> Result<f64> {
    #[expect(clippy::cast_precision_loss, reason = "2^53 waiters take longer than a machine lives")]
    with(handle, |semaphore| semaphore.last_ticket() as f64)
}

/// Rejects a waiter with `reason`; false when it waits no longer.
#[napi]
pub fn semaphore_cancel(env: &Env, handle: u32, ticket: f64, reason: Unknown) -> Result<bool> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it came from semaphore_last_ticket")]
    let waiter = with(handle, |semaphore| semaphore.cancel(ticket as u64))?;
    let waiting = waiter.is_some();
    waiter.map_or(Ok(()), |waiter| waiter.reject(env, &reason)).map_err(internal)?;
    Ok(waiting)
}

/// Gives a slot back, to the first waiter if there is one; returns how many still wait.
#[napi]
pub fn semaphore_release(env: &Env, handle: u32) -> Result<u32> {
    let (granted, queued) =
        with(handle, |semaphore| semaphore.release().map(|granted| (granted, semaphore.queued())))??;
    resolve(env, granted)?;
    Ok(queued)
}

/// Rejects the waiters whose time is up. Returns the ms until the next one's is, `Infinity` when the rest wait without
/// a timeout, -1 when nobody waits.
#[napi]
pub fn semaphore_expire(env: &Env, handle: u32) -> Result<f64> {
    let now = START.elapsed();
    while let Some((waiter, timeout)) = with(handle, |semaphore| semaphore.expire(now))? {
        reject(env, waiter, &Error::QueueTimeout(timeout))?;
    }
    with(handle, |semaphore| match semaphore.next_deadline() {
        Some(deadline) => deadline.saturating_sub(now).as_secs_f64() * 1000.0,
        None if semaphore.queued() > 0 => f64::INFINITY,
        None => -1.0,
    })
}

/// Changes the number of slots and lets as many waiters in as fit.
#[napi]
pub fn semaphore_resize(env: &Env, handle: u32, limit: u32) -> Result<()> {
    with(handle, |semaphore| NonZeroU32::new(limit).map(|limit| semaphore.resize(limit)))?;
    while let Some(waiter) = with(handle, Semaphore::grant)? {
        resolve(env, Some(waiter))?;
    }
    Ok(())
}

/// Takes no more work and rejects those who wait.
#[napi]
pub fn semaphore_close(env: &Env, handle: u32) -> Result<()> {
    let waiters: Vec<Deferred> = with(handle, |semaphore| semaphore.close().collect())?;
    waiters.into_iter().try_for_each(|waiter| reject(env, waiter, &Error::Closed))
}

/// The limit, the slots held, the waiters, and the slots that are free.
#[napi(ts_return_type = "[limit: number, current: number, queued: number, available: number]")]
pub fn semaphore_status(handle: u32) -> Result<Vec<u32>> {
    let status = with(handle, |semaphore| semaphore.status())?;
    Ok(vec![status.limit, status.current, status.queued, status.available])
}
