//! The core's errors as JavaScript's: `error.code` is our stable string.

use crate::error::Error;
use napi::bindgen_prelude::JsObjectValue;
use napi::{Env, JsValue, Unknown};

/// What our synchronous functions return: an error with a code of ours.
pub type Result<T> = napi::Result<T, &'static str>;

impl From<Error> for napi::Error<&'static str> {
    fn from(error: Error) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// A bug of ours or a dying environment, as an error rather than an abort.
#[expect(clippy::needless_pass_by_value, reason = "it is for map_err")]
pub fn internal(error: napi::Error) -> napi::Error<&'static str> {
    napi::Error::new("ERR_INTERNAL", error.reason.clone())
}

/// The JavaScript `Error` to reject a promise with.
pub fn to_javascript<'env>(env: &'env Env, error: &Error) -> napi::Result<Unknown<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.code())?;
    Ok(object.to_unknown())
}
