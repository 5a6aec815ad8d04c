//! The latest calls of one tool: what is slow now, which the quantiles of a whole day do not show.

use std::time::Duration;

/// How many are remembered.
const KEPT: usize = 128;
/// What is older is forgotten.
const WINDOW: Duration = Duration::from_mins(1);

/// When the latest ended, and how long they took. The oldest makes room.
#[derive(Debug, Default)]
pub struct Recent {
    calls: Vec<(Duration, f64)>,
    next: usize,
}

impl Recent {
    /// One more.
    pub fn record(&mut self, seconds: f64, now: Duration) {
        if self.calls.len() < KEPT {
            self.calls.reserve_exact(KEPT - self.calls.len());
            self.calls.push((now, seconds));
        } else {
            self.calls[self.next] = (now, seconds);
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// Of twenty of the last minute, one took longer; nothing where there was none.
    pub fn p95(&self, now: Duration) -> Option<f64> {
        let young = |ended: Duration| now.saturating_sub(ended) <= WINDOW;
        let mut seconds: Vec<f64> = self.calls.iter().filter(|call| young(call.0)).map(|call| call.1).collect();
        seconds.sort_by(f64::total_cmp);
        let at = (seconds.len() * 95).div_ceil(100);
        seconds.get(at.checked_sub(1)?).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn only_the_last_minute_counts() {
        let mut recent = Recent::default();
        assert_eq!(recent.p95(at(0)), None);
        recent.record(9.0, at(10));
        recent.record(1.0, at(50));
        assert_eq!(recent.p95(at(50)), Some(9.0));
        assert_eq!(recent.p95(at(70)), Some(9.0));
        assert_eq!(recent.p95(at(71)), Some(1.0));
        assert_eq!(recent.p95(at(111)), None);
    }

    #[test]
    fn one_of_twenty_is_left_out_and_the_oldest_make_room() {
        let mut recent = Recent::default();
        (1..=20).for_each(|seconds| recent.record(f64::from(seconds), at(0)));
        assert_eq!(recent.p95(at(0)), Some(19.0));
        (0..KEPT).for_each(|_| recent.record(0.5, at(1)));
        assert_eq!((recent.p95(at(1)), recent.calls.len()), (Some(0.5), KEPT));
    }
}
