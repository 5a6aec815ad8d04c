//! A held process: signals go through it, so they can never reach another process that got the same pid.

#[cfg_attr(target_os = "linux", path = "handle/linux.rs")]
#[cfg_attr(target_os = "macos", path = "handle/macos.rs")]
#[cfg_attr(windows, path = "handle/windows.rs")]
mod platform;

pub use platform::Handle;

use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How a process is asked, or made, to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM. Windows has no such request: there it ends the process, like [`Signal::Kill`].
    Terminate,
    /// SIGKILL, which no process can refuse.
    Kill,
    /// SIGCONT, by which a process goes on that was stopped. Windows stops none.
    Continue,
}

/// Between two looks at a process that cannot be waited for.
const POLL_PAUSE: Duration = Duration::from_millis(20);

/// Waits until all have exited, at most for `limit`; tells whether they have.
pub async fn all_exited(handles: &[Handle], limit: Duration) -> bool {
    let each = async {
        for handle in handles {
            handle.exited().await;
        }
    };
    timeout(limit, each).await.is_ok()
}

/// For platforms, or moments, where the system does not tell.
async fn poll_until_exited(handle: &Handle) {
    let mut pause = Duration::from_millis(1);
    while !handle.has_exited() {
        sleep(pause).await;
        pause = (pause * 2).min(POLL_PAUSE);
    }
}
