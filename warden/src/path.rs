//! Paths below `/proc`, which are short.

use core::ffi::CStr;
use core::fmt::{Arguments, Result, Write};

const ROOM: usize = 64;

/// A path for the kernel.
pub struct Path {
    bytes: [u8; ROOM],
    length: usize,
}

impl Path {
    /// Makes a path from `format_args!`.
    pub fn new(text: Arguments<'_>) -> Self {
        let mut path = Self { bytes: [0; ROOM], length: 0 };
        // A path that does not fit names no file.
        let _ = path.write_fmt(text);
        path
    }

    /// Returns the path as a C string.
    pub fn as_c_str(&self) -> &CStr {
        CStr::from_bytes_until_nul(&self.bytes).unwrap_or_default()
    }
}

impl Write for Path {
    fn write_str(&mut self, text: &str) -> Result {
        let end = self.length + text.len();
        // The last byte stays a null.
        let room = self.bytes[..ROOM - 1].get_mut(self.length..end).ok_or(core::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
