//! The used functions of libuv. Their signatures are those in libuv's documentation of `uv_poll_t` and `uv_handle_t`.

use libloading::os::unix::Library;
use napi::{Env, sys};
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

/// `UV_READABLE`, of `uv_poll_event`.
pub const READABLE: c_int = 1;
/// `UV_POLL`, of `uv_handle_type`.
const POLL: c_int = 8;

/// The functions, which take a loop and a handle by address.
pub struct Uv {
    handle_size: unsafe extern "C" fn(c_int) -> usize,
    handle_get_data: unsafe extern "C" fn(*const c_void) -> *mut c_void,
    pub handle_set_data: unsafe extern "C" fn(*mut c_void, *mut c_void),
    pub poll_init: unsafe extern "C" fn(*mut c_void, *mut c_void, c_int) -> c_int,
    pub poll_start: unsafe extern "C" fn(*mut c_void, c_int, unsafe extern "C" fn(*mut c_void, c_int, c_int)) -> c_int,
    pub unref: unsafe extern "C" fn(*mut c_void),
    pub close: unsafe extern "C" fn(*mut c_void, unsafe extern "C" fn(*mut c_void)),
    pub walk: unsafe extern "C" fn(*mut c_void, unsafe extern "C" fn(*mut c_void, *mut c_void), *mut c_void),
    pub fileno: unsafe extern "C" fn(*const c_void, *mut c_int) -> c_int,
}

static UV: OnceLock<Option<Uv>> = OnceLock::new();

impl Uv {
    /// Returns libuv, where this process exports it.
    pub fn get() -> Option<&'static Self> {
        UV.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        let process = Library::this();
        macro_rules! function {
            ($name:literal) => {
                // SAFETY: the type of the field is the function's, and the process keeps its own code for ever.
                unsafe { *process.get(concat!($name, "\0").as_bytes()).ok()? }
            };
        }
        Some(Self {
            handle_size: function!("uv_handle_size"),
            handle_get_data: function!("uv_handle_get_data"),
            handle_set_data: function!("uv_handle_set_data"),
            poll_init: function!("uv_poll_init"),
            poll_start: function!("uv_poll_start"),
            unref: function!("uv_unref"),
            close: function!("uv_close"),
            walk: function!("uv_walk"),
            fileno: function!("uv_fileno"),
        })
    }

    /// Returns the bytes of a poll handle.
    pub fn size_of_poll(&self) -> usize {
        // SAFETY: it takes a number and returns one.
        unsafe { (self.handle_size)(POLL) }
    }
}

/// Returns the event loop of an environment, or `None` where the host has none of libuv's.
pub fn event_loop(env: &Env) -> Option<*mut c_void> {
    let mut raw = ptr::null_mut();
    // SAFETY: `env` is the environment of the call in progress, and the result is written before it is read.
    let status = unsafe { sys::napi_get_uv_event_loop(env.raw(), &raw mut raw) };
    (status == sys::Status::napi_ok && !raw.is_null()).then(|| raw.cast())
}

/// Returns the data that was set for a handle.
///
/// # Safety
/// libuv has just passed the handle to a callback.
pub unsafe fn data_of(raw: *const c_void) -> *mut c_void {
    // SAFETY: there is a handle, so there is libuv; the rest is the caller's promise.
    Uv::get().map_or(std::ptr::null_mut(), |uv| unsafe { (uv.handle_get_data)(raw) })
}
