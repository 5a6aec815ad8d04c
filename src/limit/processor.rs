//! The brake by processor: a limit that rises while work waits and the processors keep up.

use std::time::Duration;

#[cfg(test)]
mod tests;

/// The most that a limit rises to, unless the rules set another maximum.
pub const MAX: usize = 1_024;
/// The time for which the limit must have been reached before it rises.
pub const RAISE_AFTER: Duration = Duration::from_secs(2);
/// The shortest time between two reductions.
pub const CUT_EVERY: Duration = Duration::from_secs(3);

/// The rules of the brake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The number of processors that this process may use.
    pub cores: usize,
    /// The most that the limit rises to.
    pub max: Option<usize>,
}

impl Rules {
    fn most(&self) -> usize {
        self.max.unwrap_or(MAX).max(1)
    }

    /// Returns the number below which the limit never falls, and from which it starts.
    fn least(&self) -> usize {
        self.cores.saturating_mul(2).clamp(1, self.most())
    }
}

/// The pressure on the processors, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pressure {
    /// The share of the last 10 s in which a task waited for a processor (`some avg10` of Linux's PSI).
    Waiting(f64),
    /// The share of the processors' time that was busy since the last reading, where there is no PSI.
    Busy(f64),
}

impl Pressure {
    /// Returns whether the limit may rise.
    pub fn is_low(self) -> bool {
        match self {
            Self::Waiting(share) => share < 60.0,
            Self::Busy(share) => share < 85.0,
        }
    }

    /// Returns whether the limit must fall.
    pub fn is_high(self) -> bool {
        match self {
            Self::Waiting(share) => share > 80.0,
            Self::Busy(share) => share > 95.0,
        }
    }
}

/// The reason for a change of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Work waited at the limit, and the processors kept up.
    Demand,
    /// The processors did not keep up.
    Cpu,
}

/// A change of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The time of the change.
    pub at: Duration,
    /// The limit before.
    pub from: usize,
    /// The limit from now on.
    pub to: usize,
    /// The reason.
    pub reason: Reason,
}

/// The limit of the moment.
#[derive(Debug, Clone)]
pub struct Brake {
    rules: Rules,
    limit: usize,
    full_since: Option<Duration>,
    last_cut: Option<Duration>,
}

impl Brake {
    /// Makes a brake with the least limit of the rules.
    pub fn new(rules: Rules) -> Self {
        Self { rules, limit: rules.least(), full_since: None, last_cut: None }
    }

    /// Returns the limit.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Returns whether the limit has reached the maximum of the rules.
    pub fn is_at_most(&self) -> bool {
        self.limit == self.rules.most()
    }

    /// Notes a reading. `is_full` says whether anything has waited because the limit was reached, since the last reading.
    /// `in_use` is the number that counts against the limit: a limit that the use still exceeds is not reduced further.
    pub fn note(&mut self, pressure: Pressure, is_full: bool, in_use: usize, now: Duration) -> Option<Change> {
        if !is_full || !pressure.is_low() {
            self.full_since = None;
        }
        if pressure.is_high() {
            return if in_use > self.limit { None } else { self.cut(now) };
        }
        if is_full && pressure.is_low() {
            let since = *self.full_since.get_or_insert(now);
            if now.saturating_sub(since) >= RAISE_AFTER {
                self.full_since = Some(now);
                let raised = self.limit.saturating_add(self.limit.div_ceil(4)).min(self.rules.most());
                return self.change(raised, Reason::Demand, now);
            }
        }
        None
    }

    fn cut(&mut self, now: Duration) -> Option<Change> {
        if self.last_cut.is_some_and(|last| now.saturating_sub(last) < CUT_EVERY) {
            return None;
        }
        self.last_cut = Some(now);
        self.change((self.limit.saturating_mul(4) / 5).max(self.rules.least()), Reason::Cpu, now)
    }

    fn change(&mut self, to: usize, reason: Reason, now: Duration) -> Option<Change> {
        let from = std::mem::replace(&mut self.limit, to);
        (from != to).then_some(Change { at: now, from, to, reason })
    }
}
