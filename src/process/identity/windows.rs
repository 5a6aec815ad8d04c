//! Windows: 100 ns steps since 1601.

use super::StartMark;
use crate::process::windows::{created, has_exited, open_process};
use std::io;
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE};

/// Returns the start mark of the process with this pid.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process or it has exited.
pub fn start_mark(pid: u32) -> io::Result<StartMark> {
    let process = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE)?;
    // A pid stays in use as long as another process holds a handle of its process.
    if has_exited(&process) {
        return Err(io::ErrorKind::NotFound.into());
    }
    created(&process).map(StartMark)
}

/// Returns the place in which pids and start marks can be compared. Windows has one, and its marks count from a fixed
/// time.
///
/// # Errors
/// None on this system.
pub fn world() -> io::Result<String> {
    Ok("windows".to_owned())
}

/// Returns `None`, because Windows does not show the address of a program's stack.
pub fn image(_pid: u32) -> Option<u64> {
    None
}

/// Returns zero, because no world on Windows needs the time of boot.
pub fn boot_time() -> u64 {
    0
}

/// Returns whether any process has this pid. Only `false` is sure.
pub fn exists(pid: u32) -> bool {
    start_mark(pid).map_or_else(|error| error.kind() != io::ErrorKind::NotFound, |_| true)
}

/// Returns `None`, because Windows has no numeric user ids.
pub fn user() -> Option<u32> {
    None
}
