//! A tree as the process table shows it, and its end without a warden's help.

use super::members::{Origin, members};
use crate::instance::Tag;
use crate::process::handle::{Handle, Signal, all_exited};
use crate::process::table;
use std::io;
use std::time::Duration;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How long a killed process may take to be gone before the tree is looked at again.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// Between two looks at a tree that does not get smaller, such as one stuck in the kernel.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// What its members have in common.
#[derive(Debug, Clone)]
pub struct TableTree {
    /// The process that the others descend from.
    pub origin: Origin,
    /// The tag in their environment.
    pub tag: Tag,
}

impl TableTree {
    /// Sends a signal to all members that can be found and held, and returns those that could be sent it.
    pub async fn signal(&self, signal: Signal) -> Vec<Handle> {
        let mut handles = self.hold().await.unwrap_or_default();
        handles.retain(|handle| handle.signal(signal).is_ok());
        handles
    }

    /// Kills members until two looks in a row find nobody who can be killed.
    pub async fn kill(&self) {
        let mut looks = 0;
        while looks < 2 {
            let killed = self.signal(Signal::Kill).await;
            looks = if killed.is_empty() { looks + 1 } else { 0 };
            if !all_exited(&killed, KILL_WAIT).await {
                sleep(RETRY_PAUSE).await;
            }
        }
    }

    async fn hold(&self) -> io::Result<Vec<Handle>> {
        let Self { origin, tag } = self.clone();
        let look = move || {
            let links = table::links()?;
            let found = members(&links, origin, |pid| table::tag_of(pid).as_ref() == Some(&tag));
            Ok(found.iter().filter_map(|link| table::open_verified(link.pid, link.start).ok().flatten()).collect())
        };
        spawn_blocking(look).await.map_err(io::Error::other)?
    }
}
