//! The pauses between attempts to connect.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(2);

/// Pauses that double up to two seconds. Chance shortens each to at least its half, so that a fleet does not come back at
/// one moment.
#[derive(Debug, Default)]
pub struct Backoff(u32);

impl Backoff {
    /// Returns the next pause.
    pub fn next(&mut self) -> Duration {
        let full = FIRST.saturating_mul(1 << self.0.min(10)).min(LONGEST);
        self.0 = self.0.saturating_add(1);
        let chance = RandomState::new().hash_one(self.0) % 1000;
        full / 2 + full.mul_f64(f64::from(u32::try_from(chance).unwrap_or_default()) / 2000.0)
    }

    /// Begins again, after a connection that worked.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_are_bounded() {
        let mut backoff = Backoff::default();
        for attempt in 0..40 {
            let full = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
            let pause = backoff.next();
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
