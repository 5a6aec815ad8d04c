//! A running process as the controller knows it.

use crate::limit::peaks::{Estimate, bytes};
use std::sync::Arc;
use std::time::Duration;

/// The time without growth after which a process has shown its peak.
const LEVEL_AFTER: Duration = Duration::from_secs(3);
/// The growth in bytes that still counts as level.
const LEVEL_WITHIN: u64 = 1024 * 1024;
/// The age of the last reading up to which it is believed to have seen the peak.
const SEEN_WITHIN: Duration = Duration::from_secs(1);

/// The way in which a process ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// The peak in bytes, where the operating system has kept it. Without it the readings' highest counts.
    pub peak: Option<u64>,
    /// The kernel killed the process because memory was out.
    pub out_of_memory: bool,
}

/// A running process, with its descendants.
#[derive(Debug)]
pub struct Process {
    pub server: Arc<str>,
    /// The bytes in use at the last reading.
    pub memory: u64,
    /// The highest of all readings.
    pub peak: u64,
    /// The time since which the process is idle.
    pub idle_since: Option<Duration>,
    /// The process was chosen to end.
    pub is_ending: bool,
    /// The process was admitted, and its start begins later.
    pub is_reserved: bool,
    read_at: Option<Duration>,
    level: u64,
    level_since: Duration,
}

impl Process {
    pub fn new(server: Arc<str>, now: Duration) -> Self {
        Self {
            server,
            memory: 0,
            peak: 0,
            idle_since: None,
            is_ending: false,
            is_reserved: false,
            read_at: None,
            level: 0,
            level_since: now,
        }
    }

    /// Notes a reading.
    pub fn read(&mut self, memory: u64, now: Duration) {
        self.memory = memory;
        self.peak = self.peak.max(memory);
        if self.read_at.is_none() || memory > self.level.saturating_add(LEVEL_WITHIN.max(self.level / 50)) {
            (self.level, self.level_since) = (memory, now);
        }
        self.read_at = Some(now);
    }

    /// Returns whether readings have shown no growth for a while.
    pub fn is_level(&self) -> bool {
        self.read_at.is_some_and(|read| read.saturating_sub(self.level_since) >= LEVEL_AFTER)
    }

    /// Returns whether its server may have more processes: this one is level, or cannot be read.
    pub fn settles_server(&self, now: Duration) -> bool {
        if self.is_reserved {
            return false;
        }
        self.is_level() || self.read_at.is_none() && now.saturating_sub(self.level_since) >= LEVEL_AFTER
    }

    /// Returns the peak that the end of the process teaches. A process that the readings lost sight of before its end
    /// teaches only that more is needed than estimated.
    pub fn learnt_peak(&self, how: Ended, estimate: Estimate, now: Duration) -> Option<u64> {
        let was_seen = self.read_at.is_some_and(|read| now.saturating_sub(read) <= SEEN_WITHIN) || self.is_level();
        let seen = (was_seen || bytes(self.peak) > estimate.mean).then_some(self.peak).filter(|peak| *peak > 0);
        let peak = how.peak.map(|peak| peak.max(self.peak)).or(seen);
        // A killed process would have grown on.
        if how.out_of_memory { peak.or(Some(self.peak)).map(|peak| peak.saturating_add(peak / 4)) } else { peak }
    }
}
