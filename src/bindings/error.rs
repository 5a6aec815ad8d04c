//! The core's errors as JavaScript's, with our stable string as `error.code`.

use crate::error::Error;
use napi::bindgen_prelude::JsObjectValue;
use napi::{Env, JsValue, Unknown};

/// The result of a synchronous function, whose error has a code of ours.
pub type Result<T> = napi::Result<T, &'static str>;

impl From<Error> for napi::Error<&'static str> {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Reports a bug of ours or an ending environment as an error rather than an abort.
#[expect(clippy::needless_pass_by_value, reason = "map_err wants a value")]
pub fn internal(error: napi::Error) -> napi::Error<&'static str> {
    napi::Error::new("ERR_INTERNAL", error.reason.clone())
}

/// Creates the JavaScript `Error` to reject a promise with.
pub fn to_javascript<'env>(env: &'env Env, error: &Error) -> napi::Result<Unknown<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.code())?;
    Ok(object.to_unknown())
}
