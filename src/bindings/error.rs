//! The core's errors as JavaScript's, with our stable string as `error.code`.

use crate::error::Error;
use napi::bindgen_prelude::JsObjectValue;
use napi::{Env, JsValue, Unknown};
use std::io;

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

/// Reports a failure of the system: by its code if this process has too little of something, as Node.js does it.
#[expect(clippy::needless_pass_by_value, reason = "map_err wants a value")]
pub fn system(error: io::Error) -> napi::Error<&'static str> {
    napi::Error::new(shortage(&error).unwrap_or("ERR_INTERNAL"), error.to_string())
}

#[cfg(unix)]
fn shortage(error: &io::Error) -> Option<&'static str> {
    Some(match error.raw_os_error()? {
        libc::EAGAIN => "EAGAIN",
        libc::EMFILE => "EMFILE",
        libc::ENFILE => "ENFILE",
        libc::ENOMEM => "ENOMEM",
        _ => return None,
    })
}

#[cfg(windows)]
fn shortage(_: &io::Error) -> Option<&'static str> {
    None
}

/// Creates the JavaScript `Error` to reject a promise with.
pub fn to_javascript<'env>(env: &'env Env, error: &Error) -> napi::Result<Unknown<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.code())?;
    Ok(object.to_unknown())
}
