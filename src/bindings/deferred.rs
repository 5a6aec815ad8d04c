//! A promise that is settled at once, on its own JavaScript thread.
//!
//! napi-rs's own deferreds go through a queue and keep the event loop alive until they are settled. A waiter that gets its
//! slot inside `release()` needs neither.

use napi::bindgen_prelude::{PromiseRaw, ToNapiValue};
use napi::{Env, JsValue, Result, Unknown, check_status, sys};
use std::ptr;

/// Settles its promise once. Dropping a deferred unsettled leaves the promise pending for ever.
///
/// A deferred is neither `Send` nor `Sync`, because it holds a raw pointer: it cannot leave the thread of its environment.
pub struct Deferred(sys::napi_deferred);

impl Deferred {
    /// Creates a pending promise and its deferred.
    pub fn new<T>(env: &Env) -> Result<(Self, PromiseRaw<'static, T>)> {
        let (mut deferred, mut promise) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: `env` is the environment of the call in progress, and both results are written before they are read.
        check_status!(unsafe { sys::napi_create_promise(env.raw(), &raw mut deferred, &raw mut promise) })?;
        Ok((Self(deferred), PromiseRaw::new(env.raw(), promise)))
    }

    /// Resolves the promise with `undefined`.
    pub fn resolve(self, env: &Env) -> Result<()> {
        // SAFETY: `env` is the environment of the call in progress; the deferred is of the same environment, as it cannot
        // leave its thread, and is used only once, as it is consumed.
        unsafe {
            let undefined = ToNapiValue::to_napi_value(env.raw(), ())?;
            check_status!(sys::napi_resolve_deferred(env.raw(), self.0, undefined))
        }
    }

    /// Rejects the promise with `reason`.
    pub fn reject(self, env: &Env, reason: &Unknown) -> Result<()> {
        // SAFETY: as in `resolve`; `reason` is a live value of the call in progress.
        check_status!(unsafe { sys::napi_reject_deferred(env.raw(), self.0, reason.raw()) })
    }
}
