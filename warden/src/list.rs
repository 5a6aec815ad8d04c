//! A list in a large mapping. The kernel makes only the pages that are used.

use core::ptr::null_mut;
use rustix::io;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// More than a process may have descriptors, as a rule.
const ROOM: usize = 1 << 16;

pub struct List<T> {
    start: *mut T,
    length: usize,
}

impl<T> List<T> {
    /// Makes an empty list.
    pub fn new() -> io::Result<Self> {
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel finds a place where nothing is.
        let start = unsafe { mmap_anonymous(null_mut(), Self::BYTES, protection, MapFlags::PRIVATE) }?;
        Ok(Self { start: start.cast(), length: 0 })
    }

    const BYTES: usize = ROOM * size_of::<T>();

    /// Adds a value. A full list drops it.
    pub fn push(&mut self, value: T) {
        if self.length < ROOM {
            // SAFETY: there is room for it, and a mapping is aligned for everything.
            unsafe { self.start.add(self.length).write(value) };
            self.length += 1;
        }
    }

    /// Returns all values.
    pub fn as_slice(&self) -> &[T] {
        // SAFETY: so many were written.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }
}

impl<T> Drop for List<T> {
    fn drop(&mut self) {
        for at in 0..self.length {
            // SAFETY: `length` values were written, and no code uses them any more.
            unsafe { self.start.add(at).drop_in_place() };
        }
        // SAFETY: it was mapped so.
        let _ = unsafe { munmap(self.start.cast(), Self::BYTES) };
    }
}
