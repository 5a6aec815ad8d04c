//! A report in memory that this process shares with its copies.

use crate::protocol::{PACKET, Report};
use core::ptr::{NonNull, null_mut};
use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

/// A place for a report, empty at first. Unlike a pipe, it takes no second pause once the copy is the command.
pub struct SharedReport(NonNull<[u8; PACKET]>);

impl SharedReport {
    /// Makes an empty one.
    pub fn new() -> Result<Self, Errno> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: the kernel chooses a free place.
        let place = unsafe { mmap_anonymous(null_mut(), PACKET, access, MapFlags::SHARED) }?;
        NonNull::new(place.cast()).map(Self).ok_or(Errno::NOMEM)
    }

    /// Writes the report.
    pub fn set(&self, report: Report) {
        // SAFETY: the place is ours until the drop. The other process waits meanwhile.
        unsafe { self.0.write_volatile(report.to_bytes()) }
    }

    /// Returns the report, if there is one.
    pub fn get(&self) -> Option<Report> {
        // SAFETY: as in `set`.
        Report::from_bytes(&unsafe { self.0.read_volatile() })
    }
}

impl Drop for SharedReport {
    fn drop(&mut self) {
        // SAFETY: no reference into the place exists.
        let _ = unsafe { munmap(self.0.as_ptr().cast(), PACKET) };
    }
}
