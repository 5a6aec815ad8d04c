//! Calls JavaScript from the event loop, as Node.js does for its own handles.

use napi::bindgen_prelude::{Function, FunctionRef, JsValuesTupleIntoVec};
use napi::{Env, JsValue, Result, check_status, sys};
use std::ptr;

/// A function to call from the event loop. A callback cannot leave the thread of its environment.
pub struct Callback<Args: JsValuesTupleIntoVec> {
    env: sys::napi_env,
    context: sys::napi_async_context,
    function: FunctionRef<Args, ()>,
}

impl<Args: JsValuesTupleIntoVec> Callback<Args> {
    /// Creates a callback; async hooks show `name`.
    pub fn new(env: &Env, name: &str, function: &Function<Args, ()>) -> Result<Self> {
        let function = function.create_ref()?;
        let name = env.create_string(name)?;
        let mut context = ptr::null_mut();
        // SAFETY: `env` is the environment of the call in progress, the name a live value of it, and without a resource
        // Node.js makes one.
        check_status!(unsafe { sys::napi_async_init(env.raw(), ptr::null_mut(), name.raw(), &raw mut context) })?;
        Ok(Self { env: env.raw(), context, function })
    }

    /// Calls the function with each of these arguments. Reactions to its promises run before this returns. An environment
    /// that is about to end runs no JavaScript, so the function is not called then.
    pub fn call_each(&self, all: Vec<Args>) {
        // SAFETY: this is the environment's thread, as neither this nor the event loop's watches can leave it, and libuv has
        // called us, so that no JavaScript runs.
        let Some(_values) = (unsafe { ValueScope::open(self.env) }) else { return };
        // SAFETY: likewise; it is closed before the scope above.
        let Some(_calls) = (unsafe { CallbackScope::open(self.env, self.context) }) else { return };
        for args in all {
            let _ = self.call(args);
        }
    }

    fn call(&self, args: Args) -> Result<()> {
        let env = Env::from_raw(self.env);
        let function = self.function.borrow_back(&env)?;
        let args = args.into_vec(self.env)?;
        let (mut this, mut result) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: all values are of the scope that is open, on the environment's thread. An exception that the function
        // threw is taken from N-API before anything else is asked of it.
        unsafe {
            check_status!(sys::napi_get_undefined(self.env, &raw mut this))?;
            let status =
                sys::napi_call_function(self.env, this, function.raw(), args.len(), args.as_ptr(), &raw mut result);
            let mut exception = ptr::null_mut();
            if status == sys::Status::napi_pending_exception
                && sys::napi_get_and_clear_last_exception(self.env, &raw mut exception) == sys::Status::napi_ok
            {
                // As an exception in any callback of Node.js; refused where the environment is about to end.
                sys::napi_fatal_exception(self.env, exception);
            }
        }
        Ok(())
    }
}

impl<Args: JsValuesTupleIntoVec> Drop for Callback<Args> {
    fn drop(&mut self) {
        // SAFETY: it is dropped on the environment's thread, before the environment is gone.
        unsafe { sys::napi_async_destroy(self.env, self.context) };
    }
}

/// The scope of JavaScript values.
struct ValueScope(sys::napi_env, sys::napi_handle_scope);

impl ValueScope {
    /// # Safety
    /// This is the environment's thread, and scopes are closed in the opposite order.
    unsafe fn open(env: sys::napi_env) -> Option<Self> {
        let mut scope = ptr::null_mut();
        // SAFETY: the caller's.
        let status = unsafe { sys::napi_open_handle_scope(env, &raw mut scope) };
        (status == sys::Status::napi_ok).then_some(Self(env, scope))
    }
}

impl Drop for ValueScope {
    fn drop(&mut self) {
        // SAFETY: it was opened in this environment and is closed once.
        unsafe { sys::napi_close_handle_scope(self.0, self.1) };
    }
}

/// The scope of a callback; reactions to promises run at its end.
struct CallbackScope(sys::napi_env, sys::napi_callback_scope);

impl CallbackScope {
    /// # Safety
    /// As [`ValueScope::open`]; the context is the environment's.
    unsafe fn open(env: sys::napi_env, context: sys::napi_async_context) -> Option<Self> {
        let mut scope = ptr::null_mut();
        // SAFETY: the caller's; Node.js looks at no resource.
        let status = unsafe { sys::napi_open_callback_scope(env, ptr::null_mut(), context, &raw mut scope) };
        (status == sys::Status::napi_ok).then_some(Self(env, scope))
    }
}

impl Drop for CallbackScope {
    fn drop(&mut self) {
        // SAFETY: it was opened in this environment and is closed once.
        unsafe { sys::napi_close_callback_scope(self.0, self.1) };
    }
}
