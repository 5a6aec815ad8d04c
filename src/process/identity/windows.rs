//! Windows: 100 ns steps since 1601.

use super::StartMark;
use crate::process::windows::{created, has_exited, open_process};
use std::io;
use windows_sys::Win32::System::Threading::{PROCESS_QUERY_LIMITED_INFORMATION, PROCESS_SYNCHRONIZE};

/// When the process with this pid started.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process or it has exited.
pub fn start_mark(pid: u32) -> io::Result<StartMark> {
    let process = open_process(pid, PROCESS_QUERY_LIMITED_INFORMATION | PROCESS_SYNCHRONIZE)?;
    // A pid stays in use for as long as someone holds a handle of its process.
    if has_exited(&process) {
        return Err(io::ErrorKind::NotFound.into());
    }
    created(&process).map(StartMark)
}

/// Where pids and start marks can be compared: there is one pid space, and the marks count from a fixed time.
///
/// # Errors
/// None on this system.
pub fn world() -> io::Result<String> {
    Ok("windows".to_owned())
}

/// Where the stack of the program is: not known here.
pub fn image(_pid: u32) -> Option<u64> {
    None
}

/// The wall clock's seconds at boot: no world here needs it.
pub fn boot_time() -> u64 {
    0
}

/// Whether any process has this pid. Only "no" is sure.
pub fn exists(pid: u32) -> bool {
    start_mark(pid).map_or_else(|error| error.kind() != io::ErrorKind::NotFound, |_| true)
}

/// The number of the user that this process runs as: users have none here.
pub fn user() -> Option<u32> {
    None
}
