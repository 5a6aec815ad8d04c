//! Entering JavaScript from the event loop, as Node.js does for what it has watched itself.

use napi::{Env, Result, check_status, sys};
use std::ptr;

/// A way into JavaScript for work of one kind. It cannot leave the thread of its environment.
pub struct Entry {
    env: sys::napi_env,
    context: sys::napi_async_context,
}

impl Entry {
    /// `name` is what async hooks call it.
    pub fn new(env: &Env, name: &str) -> Result<Self> {
        let mut context = ptr::null_mut();
        let name = env.create_string(name)?;
        // SAFETY: `env` is the environment of the call in progress, the name a live value of it, and without a resource
        // Node.js makes one.
        check_status!(unsafe {
            sys::napi_async_init(env.raw(), ptr::null_mut(), napi::JsValue::raw(&name), &raw mut context)
        })?;
        Ok(Self { env: env.raw(), context })
    }

    /// Does some work that calls JavaScript. What waits for its promises runs before this returns.
    pub fn enter(&self, work: impl FnOnce(&Env)) {
        let (mut values, mut scope) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: this is the environment's thread, as neither this nor the event loop's watches can leave it, and libuv has
        // called us, so that no JavaScript runs; scopes are closed in the opposite order.
        unsafe {
            if sys::napi_open_handle_scope(self.env, &raw mut values) != sys::Status::napi_ok {
                return;
            }
            let resource = ptr::null_mut();
            if sys::napi_open_callback_scope(self.env, resource, self.context, &raw mut scope) == sys::Status::napi_ok {
                work(&Env::from_raw(self.env));
                sys::napi_close_callback_scope(self.env, scope);
            }
            sys::napi_close_handle_scope(self.env, values);
        }
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: it is dropped on the environment's thread, before the environment is gone.
        unsafe { sys::napi_async_destroy(self.env, self.context) };
    }
}
