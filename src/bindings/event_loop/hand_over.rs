//! Gives descriptors to streams of Node.js, which libuv closes.

use super::uv::{self, Uv};
use napi::{Env, Result};
use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};

/// A search for the handle that has a descriptor.
struct Search {
    uv: &'static Uv,
    descriptor: RawFd,
    is_found: bool,
}

/// Calls `open`, which makes a stream of a descriptor and returns 0 or a negative error number. Closes the descriptor if
/// no stream has it afterwards.
///
/// A worker thread may be terminated within `open`, before or after the stream has the descriptor. So libuv is asked.
///
/// # Errors
/// The error of `open`.
pub fn hand_over(env: &Env, descriptor: OwnedFd, open: impl FnOnce(RawFd) -> Result<i32>) -> Result<i32> {
    let opened = open(descriptor.as_raw_fd());
    if matches!(opened, Ok(0)) || has_stream(env, &descriptor) {
        let _ = descriptor.into_raw_fd();
    }
    opened
}

/// Returns whether a handle of libuv has the descriptor. Where libuv cannot be asked, a leak is better than to close the
/// descriptor of a stream.
fn has_stream(env: &Env, descriptor: &OwnedFd) -> bool {
    let (Some(uv), Some(event_loop)) = (Uv::get(), uv::event_loop(env)) else { return true };
    let mut search = Search { uv, descriptor: descriptor.as_raw_fd(), is_found: false };
    // SAFETY: the event loop is this thread's, and `look` gets the search, which outlives the walk.
    unsafe { (uv.walk)(event_loop, look, (&raw mut search).cast()) };
    search.is_found
}

unsafe extern "C" fn look(handle: *mut c_void, search: *mut c_void) {
    // SAFETY: `has_stream` gives its own search, to which no other reference exists meanwhile.
    let search = unsafe { &mut *search.cast::<Search>() };
    let mut descriptor: c_int = -1;
    // SAFETY: libuv passes an open handle, and refuses one that has no descriptor.
    let status = unsafe { (search.uv.fileno)(handle, &raw mut descriptor) };
    search.is_found |= status == 0 && descriptor == search.descriptor;
}
