//! A held process: signals go through it, so they can never reach another process that got the same pid.

#[cfg_attr(target_os = "linux", path = "handle/linux.rs")]
#[cfg_attr(target_os = "macos", path = "handle/macos.rs")]
#[cfg_attr(windows, path = "handle/windows.rs")]
mod platform;

pub use platform::Handle;

use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How a process is asked, or made, to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM. Windows has no such request: there it ends the process, like [`Signal::Kill`].
    Terminate,
    /// SIGKILL, which no process can refuse.
    Kill,
}

/// Waits until all have exited, at most for `limit`; tells whether they have.
pub async fn all_exited(handles: &[Handle], limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(1);
    loop {
        if handles.iter().all(Handle::has_exited) {
            return true;
        }
        let now = Instant::now();
        if now >= deadline {
            return false;
        }
        sleep(pause.min(deadline - now)).await;
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}
