//! Copies of this process's descriptors for a command.

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::fcntl_dupfd_cloexec;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd, RawFd};

/// Copies the descriptor with this number. A standard stream is made blocking, as programs expect and libuv does.
///
/// # Errors
/// The system's: `EBADF` if no such descriptor is open.
pub fn copy(descriptor: RawFd, is_standard: bool) -> io::Result<OwnedFd> {
    if descriptor < 0 {
        return Err(io::Error::from_raw_os_error(libc::EBADF));
    }
    // SAFETY: the number is only copied, and the system refuses one that is not open.
    let copy = fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(descriptor) }, 0)?;
    if is_standard {
        make_blocking(&copy)?;
    }
    Ok(copy)
}

/// Makes a descriptor blocking, as programs expect of their standard streams.
///
/// # Errors
/// The system's.
pub fn make_blocking(descriptor: impl AsFd) -> io::Result<()> {
    let flags = fcntl_getfl(&descriptor)?;
    if flags.contains(OFlags::NONBLOCK) {
        fcntl_setfl(&descriptor, flags - OFlags::NONBLOCK)?;
    }
    Ok(())
}
