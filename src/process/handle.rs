//! Handles of processes. A signal through a handle can never reach another process that got the same pid.

#[cfg_attr(target_os = "linux", path = "handle/linux.rs")]
#[cfg_attr(target_os = "macos", path = "handle/macos.rs")]
#[cfg_attr(windows, path = "handle/windows.rs")]
mod platform;
mod poll;
mod signal;

pub use platform::Handle;
pub use signal::Signal;

use super::identity::{StartMark, exists, start_mark};
use std::io;
use std::time::Duration;

/// Opens the process that had this pid and this start mark. Returns `None` if that process has exited.
///
/// # Errors
/// The system's error when the process may exist but cannot be opened, or cannot be told from another process.
pub fn open_verified(pid: u32, start: StartMark) -> io::Result<Option<Handle>> {
    // The handle is opened first and checked second, because from here on the handle can mean no other process.
    let handle = match Handle::open(pid) {
        Ok(handle) => handle,
        Err(error) => return if exists(pid) { Err(error) } else { Ok(None) },
    };
    match start_mark(pid) {
        _ if handle.has_exited() => Ok(None),
        Ok(mark) => Ok((mark == start).then_some(handle)),
        // `hidepid` hides a process that exists.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(io::ErrorKind::PermissionDenied.into()),
        Err(error) => Err(error),
    }
}

/// Returns whether the process that had this pid and this start mark has provably exited.
pub fn is_gone(pid: u32, start: StartMark) -> bool {
    matches!(open_verified(pid, start), Ok(None))
}

/// Waits until all processes have exited, at most for `timeout`. Returns whether they have.
pub async fn wait_all(handles: &[Handle], timeout: Duration) -> bool {
    let each = async {
        for handle in handles {
            handle.wait().await;
        }
    };
    tokio::time::timeout(timeout, each).await.is_ok()
}
