//! A bell as a named event, which stays set until a wait has seen it.

use std::io;
use std::os::windows::ffi::OsStrExt;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::Path;
use std::ptr;
use std::time::Duration;
use windows_sys::Win32::System::Threading::{CreateEventW, SetEvent, WaitForSingleObject};

/// An event with the name of a file.
#[derive(Debug)]
pub struct Bell(OwnedHandle);

impl Bell {
    /// Opens the event, or makes it.
    pub fn open(path: &Path) -> io::Result<Self> {
        // A name has no backslash but the one after its namespace.
        let path: Vec<u16> = path
            .as_os_str()
            .encode_wide()
            .map(|one| if one == u16::from(b'\\') { u16::from(b'/') } else { one })
            .collect();
        let name: Vec<u16> = r"Local\".encode_utf16().chain(path).chain([0]).collect();
        // SAFETY: the name ends with a zero, and the other pointer may be null.
        let event = unsafe { CreateEventW(ptr::null(), 0, 0, name.as_ptr()) };
        if event.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just made, and only for this bell.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(event) }))
    }

    /// Wakes the process that waits.
    pub fn ring(&self) {
        // SAFETY: the handle is open.
        unsafe { SetEvent(self.0.as_raw_handle()) };
    }

    /// Blocks the thread until the bell rings, at most for `limit`.
    pub fn wait(&self, limit: Duration) {
        let limit = u32::try_from(limit.as_millis()).unwrap_or(u32::MAX);
        // SAFETY: the handle is open.
        unsafe { WaitForSingleObject(self.0.as_raw_handle(), limit) };
    }
}
