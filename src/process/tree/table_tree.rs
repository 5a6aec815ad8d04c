//! A tree as the process table shows it, and its end without a warden.

use super::members::{Origin, Seen, left_in_group, members};
use crate::blocking::blocking_or_here;
use crate::process::handle::{self, Handle, Signal, wait_all};
use crate::process::table;
use crate::process::tag::Tag;
use std::io;
use std::time::Duration;
use tokio::time::sleep;

/// The time that killed processes may take to exit before the next look.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// The time between two looks at a tree that does not shrink, for example one stuck in the kernel.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The number of looks in a row at which a member may exit before it can be held. A member that forks and exits all the
/// time cannot be killed from here.
const MOST_MISSES: u32 = 500;

/// The common marks of the members.
#[derive(Debug, Clone)]
pub struct TableTree {
    /// The process that the others descend from.
    pub origin: Origin,
    /// The tag in the members' environment.
    pub tag: Tag,
    /// The members found so far.
    seen: Seen,
}

/// The members at one time.
#[derive(Debug, Default)]
struct Look {
    held: Vec<Handle>,
    /// A member exited before it could be held, and may have left a child.
    missed: bool,
}

impl TableTree {
    /// Makes a tree without any member seen so far.
    pub fn new(origin: Origin, tag: Tag) -> Self {
        Self { origin, tag, seen: Seen::new() }
    }

    /// Makes a tree with its root, which runs now and may be reaped at any time.
    pub fn of_running(origin: Origin, tag: Tag) -> Self {
        Self { origin, tag, seen: Seen::from([(origin.pid, origin.start)]) }
    }

    /// Sends a signal to all members that can be found and held. Returns the members that took the signal.
    pub async fn signal(&mut self, signal: Signal) -> Vec<Handle> {
        let mut handles = self.look().await.held;
        handles.retain(|handle| handle.signal(signal).is_ok());
        handles
    }

    /// Returns the pids of the members that can be found and held.
    pub async fn pids(&mut self) -> Vec<u32> {
        self.look().await.held.iter().map(Handle::pid).collect()
    }

    /// Kills members until two looks in a row find none that can be killed.
    pub async fn kill(&mut self) {
        let (mut empty, mut misses) = (0, 0);
        while empty < 2 && misses < MOST_MISSES {
            let Look { mut held, missed } = self.look().await;
            held.retain(|handle| handle.signal(Signal::Kill).is_ok());
            empty = if held.is_empty() && !missed { empty + 1 } else { 0 };
            misses = if held.is_empty() { misses + u32::from(missed) } else { 0 };
            if !wait_all(&held, KILL_WAIT).await {
                sleep(RETRY_PAUSE).await;
            }
            // The root is waited for elsewhere.
            held.iter().filter(|handle| handle.pid() != self.origin.pid).for_each(Handle::reap_adopted);
        }
    }

    /// Notes the members in the group of the root, which was reaped just now.
    pub async fn note_group(&mut self) {
        let origin = self.origin;
        let look = move || table::links().map(|links| left_in_group(&links, origin));
        if let Ok(Ok(left)) = blocking_or_here(look).await {
            self.seen.extend(left);
        }
    }

    async fn look(&mut self) -> Look {
        let Self { origin, tag, seen } = self.clone();
        let look = move || -> io::Result<(Look, Seen)> {
            let links = table::links()?;
            let found = members(&links, origin, &seen, |pid| table::tag_of(pid).as_ref() == Some(&tag));
            let seen = found.iter().map(|link| (link.pid, link.start)).collect();
            let mut look = Look::default();
            for link in found {
                match handle::open_verified(link.pid, link.start) {
                    Ok(Some(handle)) => look.held.push(handle),
                    Ok(None) => look.missed = true,
                    Err(_) => {}
                }
            }
            Ok((look, seen))
        };
        // A tree at the user's limit of processes has to end too.
        let Ok(Ok((look, seen))) = blocking_or_here(look).await else { return Look::default() };
        // A process that has exited does not come back.
        self.seen = seen;
        look
    }
}
