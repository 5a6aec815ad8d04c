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

/// Reports that the runtime could not be started, with a code of its own where a limit of this process is the reason.
#[expect(clippy::needless_pass_by_value, reason = "map_err wants a value")]
pub fn system(error: io::Error) -> napi::Error<&'static str> {
    if !is_shortage(&error) {
        return napi::Error::new("ERR_INTERNAL", error.to_string());
    }
    let limits = "ulimit -u, ulimit -n, systemd's TasksMax, a container's pids limit";
    let message = format!("the limit of processes, threads or open files is reached ({limits}): {error}");
    napi::Error::new("ERR_PROCESS_LIMIT", message)
}

#[cfg(unix)]
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EMFILE | libc::ENFILE | libc::ENOMEM))
}

#[cfg(windows)]
fn is_shortage(_: &io::Error) -> bool {
    false
}

/// Creates the JavaScript `Error` to reject a promise with.
pub fn to_javascript<'env>(env: &'env Env, error: &Error) -> napi::Result<Unknown<'env>> {
    let mut object = env.create_error(napi::Error::from_reason(error.to_string()))?;
    object.set_named_property("code", error.code())?;
    Ok(object.to_unknown())
}
