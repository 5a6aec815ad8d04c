//! Waiting for a process where, or while, the system does not tell of its exit.

use std::time::Duration;
use tokio::time::sleep;

/// Between two looks at a process that cannot be waited for.
const POLL_PAUSE: Duration = Duration::from_millis(20);

/// Waits until `has_exited` says so.
pub async fn poll_until(has_exited: impl Fn() -> bool) {
    let mut pause = Duration::from_millis(1);
    while !has_exited() {
        sleep(pause).await;
        pause = (pause * 2).min(POLL_PAUSE);
    }
}
