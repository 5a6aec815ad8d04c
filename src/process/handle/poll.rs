//! Polling for the exit of a process, where the system sends no notification.

use std::time::Duration;
use tokio::time::sleep;

/// The longest time between two looks.
const POLL_PAUSE: Duration = Duration::from_millis(20);

/// Waits until `has_exited` says so.
pub async fn poll_until(has_exited: impl Fn() -> bool) {
    let mut pause = Duration::from_millis(1);
    while !has_exited() {
        sleep(pause).await;
        pause = (pause * 2).min(POLL_PAUSE);
    }
}
