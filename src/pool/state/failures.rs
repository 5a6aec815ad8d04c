//! The pauses between starts of a key, after starts that failed and members that exited before they had served.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const MAX_FAILURES: u32 = 5;
const LONG_PAUSE: Duration = Duration::from_secs(30);

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Failures<E> {
    /// The number of failures in a row.
    count: u32,
    not_before: Option<Instant>,
    last: Option<(Instant, E)>,
}

impl<E> Default for Failures<E> {
    fn default() -> Self {
        Self { count: 0, not_before: None, last: None }
    }
}

impl<E: Clone> Failures<E> {
    pub fn are_any(&self) -> bool {
        self.count > 0
    }

    pub fn start_failed(&mut self, error: E, now: Instant) {
        self.add(error, now);
        self.not_before = Some(now + self.pause());
    }

    /// Notes that a member exited before it had served. After the first such exit the next start is tried at once.
    pub fn crashed(&mut self, error: E, now: Instant) {
        self.add(error, now);
        self.not_before = (self.count > 1).then(|| now + self.pause());
    }

    /// Ends the pause after a start. One more failure after too many begins the long pause again.
    pub fn started(&mut self) {
        self.count = self.count.min(MAX_FAILURES - 1);
        self.not_before = None;
    }

    /// Forgets the failures, because a member has served. A member that became ready before the last failure proves nothing.
    pub fn disproved(&mut self, ready_at: Instant) {
        if self.last.as_ref().is_none_or(|(at, _)| *at <= ready_at) {
            *self = Self::default();
        }
    }

    /// Returns the rest of the pause and the last error, while no start is tried after too many failures.
    pub fn unavailable(&self, now: Instant) -> Option<(Duration, E)> {
        let until = self.not_before.filter(|until| self.count >= MAX_FAILURES && *until > now)?;
        Some((until - now, self.last.as_ref()?.1.clone()))
    }

    /// Returns whether only a single start may be tried, because too many have failed.
    pub fn on_trial(&self) -> bool {
        self.count >= MAX_FAILURES
    }

    /// Returns the end of the pause before the next start.
    pub fn paused_until(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|until| *until > now)
    }

    fn add(&mut self, error: E, now: Instant) {
        self.count = self.count.saturating_add(1);
        self.last = Some((now, error));
    }

    fn pause(&self) -> Duration {
        if self.on_trial() { LONG_PAUSE } else { FIRST_PAUSE * (1 << (self.count - 1)) }
    }
}
