//! The end of a call's tree, and what becomes of the call when the tree does not end.

use crate::process::tree::{Adopted, Root};
use crate::registry::EndRequest;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// The time between SIGTERM and SIGKILL for the trees of `child_process`, whose callers give none.
pub(super) const KILL_GRACE: Duration = Duration::from_secs(2);
/// The least time after SIGKILL before a tree counts as stuck, if the call waits.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// The behaviour of a call if its killed tree does not exit, because a process is stuck in the kernel or frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStuck {
    /// The call waits until the tree has exited.
    Wait,
    /// The call returns, and the tree is terminated in the background.
    Reject,
}

/// The result of a termination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeEnd {
    Exited,
    Stuck,
}

/// A tree that can be terminated.
pub(super) trait Terminate {
    /// Asks all processes to exit, and kills them after `grace`. Returns when they have exited.
    fn terminate(&mut self, grace: Duration) -> impl Future<Output = ()> + Send;
}

impl Terminate for Root {
    async fn terminate(&mut self, grace: Duration) {
        Self::terminate(self, grace).await;
    }
}

impl Terminate for Adopted {
    async fn terminate(&mut self, grace: Duration) {
        Self::terminate(self, grace).await;
    }
}

/// Terminates the tree, and sooner if the grace is shortened meanwhile. `notify_stuck` is called if the killed tree
/// stays.
pub(super) async fn terminate_tree(
    root: &mut impl Terminate,
    end: &EndRequest,
    kill_grace: Duration,
    on_stuck: OnStuck,
    notify_stuck: impl FnOnce(),
) -> TreeEnd {
    let begin = Instant::now();
    let mut grace = end.grace(kill_grace);
    let mut notify_stuck = Some(notify_stuck);
    loop {
        let is_stuck = async {
            match begin.checked_add(stuck_after(grace, on_stuck)).filter(|_| notify_stuck.is_some()) {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = root.terminate(grace) => return TreeEnd::Exited,
            sooner = end.hastened(grace) => grace = sooner,
            () = is_stuck => {
                if let Some(notify) = notify_stuck.take() {
                    notify();
                }
                if on_stuck == OnStuck::Reject {
                    return TreeEnd::Stuck;
                }
            }
        }
    }
}

/// The time from the first signal on; as much for dying as for ending in order.
fn stuck_after(grace: Duration, on_stuck: OnStuck) -> Duration {
    let twice = grace.saturating_mul(2);
    match on_stuck {
        // On a busy machine a short grace says little.
        OnStuck::Wait => twice.max(grace.saturating_add(LEAST_WAIT)),
        OnStuck::Reject => twice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_stuck_after_twice_its_grace() {
        let after = |ms, on_stuck| stuck_after(Duration::from_millis(ms), on_stuck).as_millis();
        for (grace, reject, wait) in [(2000, 4000, 4000), (1000, 2000, 2000), (100, 200, 1100), (0, 0, 1000)] {
            assert_eq!((after(grace, OnStuck::Reject), after(grace, OnStuck::Wait)), (reject, wait), "{grace}");
        }
        assert_eq!(stuck_after(Duration::MAX, OnStuck::Wait), Duration::MAX);
    }
}
