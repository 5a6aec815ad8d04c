//! The admission of a process by memory: pure functions, and the largest fall of memory that others caused.

use super::peaks::{Estimate, bytes};
use std::collections::VecDeque;
use std::time::Duration;

#[cfg(test)]
mod tests;

/// The share of the memory that stays free, unless the rules set another reserve.
pub const RESERVE: Amount = Amount::Percent(10.0);
/// The time within which a fall of the available memory counts as one fall.
pub const FALL_WITHIN: Duration = Duration::from_secs(10);
/// The time after which a learnt fall counts half, unless it has come again.
pub const FALL_HALVED: Duration = Duration::from_mins(10);
/// The number of standard deviations of the sum that stay free.
const SAFETY: f64 = 3.0;
/// The share of a learnt fall from which a fall is the same again.
const SAME_FALL: f64 = 0.9;
/// The shortest time between two kept levels. It bounds their number.
const SAMPLE: Duration = Duration::from_millis(200);

/// An amount of memory.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// A number of bytes.
    Bytes(u64),
    /// A percentage of the memory that this process may use.
    Percent(f64),
}

impl Amount {
    /// Returns the amount in bytes.
    pub fn of(self, total: u64) -> f64 {
        match self {
            Self::Bytes(amount) => bytes(amount),
            Self::Percent(percentage) => bytes(total) * percentage / 100.0,
        }
    }
}

/// The rules of the admission by memory.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rules {
    /// The most memory that all processes may have together. Without a budget only the reserve counts.
    pub budget: Option<Amount>,
    /// A fixed reserve. Without one it is the greater of [`RESERVE`] and the learnt fall.
    pub reserve: Option<Amount>,
}

impl Rules {
    /// Returns the memory in bytes that must stay available.
    pub fn reserve(&self, total: u64, learnt_fall: f64) -> f64 {
        self.reserve.map_or_else(|| RESERVE.of(total).max(learnt_fall), |reserve| reserve.of(total))
    }
}

/// The memory of the machine, or of the tightest control group around this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// The bytes that can be used without swapping.
    pub available: u64,
    /// The bytes that this process may use at most.
    pub total: u64,
}

/// The memory that running processes have, and are still expected to need.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Load {
    /// The bytes in use.
    pub used: f64,
    /// The sum of the expected growth of each process.
    pub growth: f64,
    /// The sum of the variances of the peaks, each as far as its process has not grown.
    pub variance: f64,
}

impl Load {
    /// Returns the load with one more process.
    #[must_use]
    pub fn with(self, estimate: Estimate, used: u64) -> Self {
        let one = Self::of(estimate, used);
        Self { used: self.used + one.used, growth: self.growth + one.growth, variance: self.variance + one.variance }
    }

    /// Returns the load with one process less.
    #[must_use]
    pub fn without(self, estimate: Estimate, used: u64) -> Self {
        let one = Self::of(estimate, used);
        Self {
            used: (self.used - one.used).max(0.0),
            growth: (self.growth - one.growth).max(0.0),
            variance: (self.variance - one.variance).max(0.0),
        }
    }

    fn of(estimate: Estimate, used: u64) -> Self {
        let used = bytes(used);
        let growth = (estimate.mean - used).max(0.0);
        Self { used, growth, variance: estimate.variance * growth / estimate.mean.max(1.0) }
    }

    /// Returns the bytes that stay free when every process has grown. Negative if the load does not fit.
    pub fn room(&self, machine: Machine, learnt_fall: f64, rules: &Rules) -> f64 {
        let free = bytes(machine.available) - rules.reserve(machine.total, learnt_fall);
        let unspent = rules.budget.map_or(f64::INFINITY, |budget| budget.of(machine.total) - self.used);
        free.min(unspent) - self.expected()
    }

    /// Returns the bytes that are still expected to be taken, with the margin.
    pub fn charge(&self) -> u64 {
        whole(self.expected())
    }

    fn expected(&self) -> f64 {
        self.growth + SAFETY * self.variance.sqrt()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the conversion is bounded by both ends of the type"
)]
fn whole(bytes: f64) -> u64 {
    bytes.ceil() as u64
}

/// The largest fall of the memory that others left, within [`FALL_WITHIN`]. It is halved every [`FALL_HALVED`].
#[derive(Debug, Clone, Default)]
pub struct Falls {
    /// The levels of the last seconds that no later level exceeds, the oldest and highest first.
    levels: VecDeque<(Duration, f64)>,
    last: Option<(Duration, f64)>,
    largest: Fall,
}

#[derive(Debug, Clone, Copy, Default)]
struct Fall {
    size: f64,
    /// The level to which the memory fell.
    bottom: f64,
    at: Duration,
}

impl Fall {
    fn remembered_size(&self, now: Duration) -> f64 {
        let halvings = now.saturating_sub(self.at).as_secs_f64() / FALL_HALVED.as_secs_f64();
        self.size * 0.5_f64.powf(halvings.floor())
    }
}

impl Falls {
    /// Notes the level: the bytes that are available to this process and its children together.
    ///
    /// A fall counts when two readings in a row show it, because a process that is exiting has left its tree before its
    /// memory is free.
    pub fn note(&mut self, level: f64, now: Duration) {
        let (at, last) = self.last.replace((now, level)).unwrap_or((now, level));
        let lasting = level.max(last);
        while self.levels.front().is_some_and(|(earlier, _)| at.saturating_sub(*earlier) > FALL_WITHIN) {
            self.levels.pop_front();
        }
        let size = self.levels.front().map_or(0.0, |(_, highest)| highest - lasting);
        let remembered = self.largest.remembered_size(now);
        if size >= SAME_FALL * remembered {
            self.largest = Fall { size: size.max(remembered), bottom: lasting, at: now };
        }
        while self.levels.back().is_some_and(|(_, earlier)| *earlier <= level) {
            self.levels.pop_back();
        }
        if self.levels.back().is_none_or(|(earlier, _)| now.saturating_sub(*earlier) >= SAMPLE) {
            self.levels.push_back((now, level));
        }
    }

    /// Returns the fall in bytes that is to be expected from a level.
    ///
    /// The whole fall is not expected again at its bottom, because nothing would be left to use there. A fall below its
    /// bottom counts up to half of the level.
    pub fn expected(&self, level: f64, now: Duration) -> f64 {
        self.largest.remembered_size(now).min((level - self.largest.bottom).max(level / 2.0))
    }
}
