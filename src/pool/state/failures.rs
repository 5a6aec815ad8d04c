//! When a key's next start may be tried, after starts that failed and members that ended by themselves before they
//! had been of use to anybody.

use std::time::{Duration, Instant};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const OPEN_AFTER: u32 = 5;
const OPEN_FOR: Duration = Duration::from_secs(30);

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Failures<E> {
    /// How many there were in a row.
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

    /// The first of these is answered by starting again at once.
    pub fn crashed(&mut self, error: E, now: Instant) {
        self.add(error, now);
        self.not_before = (self.count > 1).then(|| now + self.pause());
    }

    /// One more failure soon after this and none is tried for a while again.
    pub fn started(&mut self) {
        self.count = self.count.min(OPEN_AFTER - 1);
        self.not_before = None;
    }

    /// A member that became ready then was of use. One that is older than the failures says nothing about them.
    pub fn disproved(&mut self, ready_at: Instant) {
        if self.last.as_ref().is_none_or(|(at, _)| *at <= ready_at) {
            *self = Self::default();
        }
    }

    /// After too many, for how long nothing is tried, and why.
    pub fn open(&self, now: Instant) -> Option<(Duration, E)> {
        let until = self.not_before.filter(|until| self.count >= OPEN_AFTER && *until > now)?;
        Some((until - now, self.last.as_ref()?.1.clone()))
    }

    /// After too many, a single start is tried first.
    pub fn on_trial(&self) -> bool {
        self.count >= OPEN_AFTER
    }

    /// Until when no start is tried.
    pub fn pausing(&self, now: Instant) -> Option<Instant> {
        self.not_before.filter(|until| *until > now)
    }

    fn add(&mut self, error: E, now: Instant) {
        self.count = self.count.saturating_add(1);
        self.last = Some((now, error));
    }

    fn pause(&self) -> Duration {
        if self.on_trial() { OPEN_FOR } else { FIRST_PAUSE * (1 << (self.count - 1)) }
    }
}
