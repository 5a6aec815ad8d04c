//! The end of a call's tree, and what becomes of the call when the tree does not end.

use crate::process::tree::Root;
use crate::registry::EndRequest;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long after SIGKILL a tree that is waited for may be there before it is called stuck.
const LEAST_WAIT: Duration = Duration::from_secs(1);

/// What becomes of a call whose tree was killed, and is still there: something of it is stuck in the kernel, or frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnStuck {
    /// It goes on until the tree has ended.
    Wait,
    /// It is over, and the tree is ended in the background.
    Reject,
}

/// How a tree's end went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TreeEnd {
    Exited,
    Stuck,
}

/// Ends the tree, and sooner when somebody asks for that in the meantime. `notify_stuck` is called when it is killed and stays.
pub(super) async fn terminate_tree(
    root: &mut Root,
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
    fn when_a_tree_is_stuck() {
        let after = |ms, on_stuck| stuck_after(Duration::from_millis(ms), on_stuck).as_millis();
        for (grace, reject, wait) in [(2000, 4000, 4000), (1000, 2000, 2000), (100, 200, 1100), (0, 0, 1000)] {
            assert_eq!((after(grace, OnStuck::Reject), after(grace, OnStuck::Wait)), (reject, wait), "{grace}");
        }
        assert_eq!(stuck_after(Duration::MAX, OnStuck::Wait), Duration::MAX);
    }
}
