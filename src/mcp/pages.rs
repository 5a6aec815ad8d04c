//! The leases of lists between two of their pages: all pages of a list are one use of one session.

use super::server_config::ServerConfig;
use super::session_factory::SessionFactory;
use crate::pool::Lease;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// The place of a request in a list of several pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// The first page.
    First,
    /// The page after that of the call with this number.
    After(u32),
}

/// A session's lease, and the configuration of its server.
type Held = (Arc<ServerConfig>, Lease<SessionFactory>);

/// The leases by the number of the call that had the last page.
#[derive(Default)]
pub struct BetweenPages {
    held: Mutex<HashMap<u32, Held>>,
}

impl BetweenPages {
    /// Keeps a lease for the page after that of this call.
    pub fn keep(&self, number: u32, config: Arc<ServerConfig>, lease: Lease<SessionFactory>) {
        let before = self.held.lock().insert(number, (config, lease));
        drop(before);
    }

    /// Takes the lease for the next page. Dropping ends the list.
    pub fn take(&self, number: u32) -> Option<Held> {
        self.held.lock().remove(&number)
    }

    /// Ends all lists.
    pub fn clear(&self) {
        // A lease uses the pool when it is dropped, so the lock is released before that.
        let held = std::mem::take(&mut *self.held.lock());
        drop(held);
    }
}
