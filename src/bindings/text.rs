//! The bytes of an output for JavaScript.
//!
//! A long text is decoded off the JavaScript thread, and V8 reads its characters where they are. A copy of 100 MB
//! would take the event loop for 100 ms.

use crate::blocking::start_blocking;
use crate::supervisor::Supervisor;
#[cfg(unix)]
use libloading::os::unix::Library;
#[cfg(windows)]
use libloading::os::windows::Library;
use napi::bindgen_prelude::{Buffer, ToNapiValue};
use napi::{check_status, sys};
use std::ffi::c_void;
use std::ptr;
use std::sync::OnceLock;

/// The bytes from which on a text is not copied.
const LONG: usize = 256 * 1024;
/// The longest string of V8, in its units.
const LONGEST_STRING: usize = (1 << 29) - 24;

/// The bytes of an output, prepared for JavaScript.
pub enum Text {
    /// Bytes, which JavaScript may have to decode.
    Bytes(Vec<u8>),
    /// A short text.
    Short(String),
    /// A long text whose characters are below U+0100, a byte each.
    Latin1(Vec<u8>),
    /// Any other long text.
    Utf16(Vec<u16>),
}

/// `node_api_create_external_string_latin1` or `node_api_create_external_string_utf16`.
type Create<T> = unsafe extern "C" fn(
    sys::napi_env,
    *mut T,
    usize,
    sys::napi_finalize,
    *mut c_void,
    *mut sys::napi_value,
    *mut bool,
) -> sys::napi_status;

/// The functions that make strings without a copy. Node.js has them since versions 18.18 and 20.4.
struct External {
    latin1: Create<u8>,
    utf16: Create<u16>,
}

static EXTERNAL: OnceLock<Option<External>> = OnceLock::new();

impl External {
    fn get() -> Option<&'static Self> {
        EXTERNAL.get_or_init(Self::find).as_ref()
    }

    fn find() -> Option<Self> {
        #[cfg(unix)]
        let process = Library::this();
        #[cfg(windows)]
        let process = Library::this().ok()?;
        // SAFETY: the types are those of the functions, and the process keeps its own code for ever.
        unsafe {
            Some(Self {
                latin1: *process.get(b"node_api_create_external_string_latin1\0").ok()?,
                utf16: *process.get(b"node_api_create_external_string_utf16\0").ok()?,
            })
        }
    }
}

impl Text {
    /// Decodes UTF-8. Invalid sequences are replaced. Takes long for a long text, off the JavaScript thread.
    pub fn of_utf8(bytes: Vec<u8>) -> Self {
        if bytes.len() < LONG {
            let text = String::from_utf8(bytes);
            return Self::Short(text.unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()));
        }
        // JavaScript reports a text that is too long for a string.
        if External::get().is_none() || bytes.len() > LONGEST_STRING {
            return Self::Bytes(bytes);
        }
        if bytes.is_ascii() {
            return Self::Latin1(bytes);
        }
        let text = String::from_utf8_lossy(&bytes);
        let narrow: Option<Vec<u8>> = text.chars().map(|character| u8::try_from(character).ok()).collect();
        narrow.map_or_else(|| Self::Utf16(text.encode_utf16().collect()), Self::Latin1)
    }

    /// Returns whether the decoding of these bytes takes long.
    pub fn is_long(bytes: &[u8]) -> bool {
        bytes.len() >= LONG
    }
}

impl ToNapiValue for Text {
    unsafe fn to_napi_value(env: sys::napi_env, text: Self) -> napi::Result<sys::napi_value> {
        // SAFETY: `env` is the environment of the call in progress.
        unsafe {
            match (text, External::get()) {
                (Self::Latin1(bytes), Some(external)) => create(env, external.latin1, bytes),
                (Self::Utf16(units), Some(external)) => create(env, external.utf16, units),
                (Self::Short(text), _) => String::to_napi_value(env, text),
                (Self::Bytes(bytes) | Self::Latin1(bytes), _) => Buffer::to_napi_value(env, bytes.into()),
                (Self::Utf16(units), None) => String::to_napi_value(env, String::from_utf16_lossy(&units)),
            }
        }
    }
}

/// Makes a string of these characters. V8 frees them.
///
/// # Safety
/// `env` is the environment of the call in progress.
unsafe fn create<T: Send + 'static>(
    env: sys::napi_env,
    create: Create<T>,
    characters: Vec<T>,
) -> napi::Result<sys::napi_value> {
    let memory = Box::into_raw(Box::new(characters));
    let (mut value, mut is_copied) = (ptr::null_mut(), false);
    // SAFETY: the characters neither move nor change until `free`, and the results are written before they are read.
    let status = unsafe {
        let (start, length) = ((*memory).as_mut_ptr(), (*memory).len());
        create(env, start, length, Some(free::<T>), memory.cast(), &raw mut value, &raw mut is_copied)
    };
    check_status!(status)?;
    Ok(value)
}

/// Frees the characters of a string that was collected, on another thread, because the system takes long for it.
unsafe extern "C" fn free<T: Send + 'static>(_env: sys::napi_env, _start: *mut c_void, memory: *mut c_void) {
    // SAFETY: V8 calls this once, with the box that `create` has given away.
    let characters = unsafe { Box::from_raw(memory.cast::<Vec<T>>()) };
    if let Ok(supervisor) = Supervisor::get() {
        // Without a thread the characters were freed here.
        let _ = start_blocking(supervisor.runtime.handle(), move || drop(characters));
    }
}
