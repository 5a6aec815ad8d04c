//! macOS: microseconds since the epoch.

use super::StartMark;
use std::io;
use std::mem::{MaybeUninit, size_of};

/// Returns the start mark of the process with this pid.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process or it has exited.
pub fn start_mark(pid: u32) -> io::Result<StartMark> {
    let missing = || io::Error::from(io::ErrorKind::NotFound);
    let pid = libc::c_int::try_from(pid).map_err(|_| missing())?;
    let size = libc::c_int::try_from(size_of::<libc::proc_bsdinfo>()).map_err(io::Error::other)?;
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::uninit();
    // SAFETY: the buffer is writable for the `size` bytes that the call is told of.
    let written = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), size) };
    if written != size {
        let error = io::Error::last_os_error();
        return Err(if error.raw_os_error() == Some(libc::ESRCH) { missing() } else { error });
    }
    // SAFETY: the call has just filled the whole structure, and every bit pattern of it is valid.
    let info = unsafe { info.assume_init() };
    Ok(StartMark(info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec))
}

/// Returns the place in which pids and start marks can be compared. macOS has one, and its marks count from a fixed
/// time.
///
/// # Errors
/// None on this system.
pub fn world() -> io::Result<String> {
    Ok("macos".to_owned())
}

/// Returns `None`, because macOS does not show the address of a program's stack.
pub fn image(_pid: u32) -> Option<u64> {
    None
}

/// Returns zero, because no world on macOS needs the time of boot.
pub fn boot_time() -> u64 {
    0
}

/// Returns whether any process has this pid. Only `false` is sure, because the process may be a zombie.
pub fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
}

/// Returns the id of the user that this process runs as.
pub fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}
