//! The limit on the memory of one server's process tree.

use super::error::CallError;
use super::session::Session;
use crate::blocking::blocking;
use crate::process::own_memory::own_memory;
use crate::registry::Registry;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::sleep;

/// The time between two looks at a server.
const PAUSE: Duration = Duration::from_secs(1);

/// The result of a look.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Fits,
    /// The session ends after its calls.
    Recycle,
    /// The session ends now.
    End,
}

/// Looks at the memory of a session's process tree until the session ends: above `limit` the session gets no more calls,
/// and above twice the limit the session ends with its calls.
pub async fn run(registry: Arc<Registry>, session: Weak<Session>, tree: u64, limit: u64) {
    loop {
        let Some(pid) = registry.get(tree).and_then(|entry| entry.topmost_pid) else { return };
        let used = blocking(move || own_memory(&[pid]).into_iter().flatten().next()).await.ok().flatten();
        let Some(session) = session.upgrade() else { return };
        match used.map_or(Verdict::Fits, |used| verdict(used, limit)) {
            Verdict::Fits => {}
            Verdict::Recycle => session.set_large(),
            Verdict::End => {
                // Before the end, so that the pool counts the reason.
                session.set_large();
                session.end_for(CallError::Memory { used: used.unwrap_or_default(), limit });
                return;
            }
        }
        drop(session);
        sleep(PAUSE).await;
    }
}

fn verdict(used: u64, limit: u64) -> Verdict {
    match used {
        _ if used > limit.saturating_mul(2) => Verdict::End,
        _ if used > limit => Verdict::Recycle,
        _ => Verdict::Fits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_recycled_above_its_limit_and_ended_above_twice_the_limit() {
        for (used, limit, expected) in [
            (0, 100, Verdict::Fits),
            (100, 100, Verdict::Fits),
            (101, 100, Verdict::Recycle),
            (200, 100, Verdict::Recycle),
            (201, 100, Verdict::End),
            (u64::MAX, u64::MAX, Verdict::Fits),
            (u64::MAX, u64::MAX - 1, Verdict::Recycle),
        ] {
            assert_eq!(verdict(used, limit), expected, "{used} of {limit}");
        }
    }
}
