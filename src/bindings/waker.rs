//! JavaScript functions that the core calls to say that there is something new.

use super::error::{Result, internal};
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;

/// Makes a function callable from every thread. It does not keep the event loop alive.
pub fn waker(function: &Function<(), ()>) -> Result<impl Fn() + Send + Sync + use<>> {
    let function = function.build_threadsafe_function().weak::<true>().build().map_err(internal)?;
    Ok(move || {
        // Refused only when the environment has ended.
        function.call((), ThreadsafeFunctionCallMode::NonBlocking);
    })
}
