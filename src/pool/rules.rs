//! The settings of a pool.

use std::time::Duration;

/// Limits of the whole pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The number of members: starting, idle, busy and ending ones.
    pub max_members: usize,
    /// The number of members that may be starting.
    pub max_starting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_members: 5, max_starting: 2 }
    }
}

/// Rules for the members of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The number of leases that one member may have at a time.
    pub max_in_flight: u32,
    /// The number of members.
    pub instances: u32,
    /// True if a retiring member does not count any more. Such a member is no process, or may run beside its successor.
    pub overlaps: bool,
    /// The number of uses after which a member is terminated.
    pub max_uses: Option<u64>,
    /// The age at which a member is terminated. Up to a tenth is added, so that members do not end all at once.
    pub max_lifetime: Option<Duration>,
    /// The time that a member may be idle; [`Duration::MAX`] for ever.
    pub idle_timeout: Duration,
    /// The number of members that are kept without a use, as far as no waiter needs their capacity.
    pub min_warm: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            max_in_flight: 1,
            instances: u32::MAX,
            overlaps: false,
            max_uses: None,
            max_lifetime: None,
            idle_timeout: Duration::from_secs(30),
            min_warm: 0,
        }
    }
}
