//! The settings of a client, and their check.

use crate::error::Error;
use crate::fleet::script::{ProcessInfo, Terms};
use std::time::Duration;

/// The default lease.
pub const LEASE: Duration = Duration::from_secs(15);

/// The most heartbeats in one lease.
const BEATS: u32 = 5;
/// The time beyond the kill grace that a process tree may take to end.
const ENDING: Duration = Duration::from_secs(1);
/// The longest lease.
const LONGEST_LEASE: Duration = Duration::from_hours(1);

/// The behaviour while Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnreachable {
    /// Limits this process to its share of the fleet's slots.
    #[default]
    Local,
    /// Refuses calls.
    Refuse,
}

/// The settings of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The limits.
    pub terms: Terms,
    /// The time after which Redis frees the slots of a silent process. Equal in all processes of a fleet.
    pub lease: Duration,
    /// The time between the request to end and the kill of a process tree.
    pub kill_grace: Duration,
    /// The behaviour while Redis is away.
    pub on_unreachable: OnUnreachable,
    /// The process as people know it.
    pub info: ProcessInfo,
}

impl Options {
    /// Returns the time between two heartbeats.
    pub fn beat(&self) -> Duration {
        self.lease / BEATS
    }

    /// Returns the time before the lease's end at which a holder gives up.
    pub fn margin(&self) -> Duration {
        self.kill_grace.saturating_add(ENDING)
    }

    /// Checks the lease.
    ///
    /// # Errors
    /// Fails unless the lease is above the margin and two heartbeats, and at most an hour.
    pub fn check(&self) -> Result<(), Error> {
        let least = self.margin().saturating_add(2 * self.beat());
        if self.lease > least && self.lease <= LONGEST_LEASE {
            return Ok(());
        }
        Err(Error::InvalidConfig {
            name: "lease",
            expected: "above killGrace + 1 s + two fifths of itself, and at most an hour",
            got: format!("{} ms with a killGrace of {} ms", self.lease.as_millis(), self.kill_grace.as_millis()),
        })
    }
}
