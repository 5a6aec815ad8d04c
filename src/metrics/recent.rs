//! The latest calls of one tool. They show the present, which the quantiles of a whole day do not.

use std::time::Duration;

/// The number of calls that are kept.
const KEPT: usize = 128;
/// The age above which a call does not count.
const WINDOW: Duration = Duration::from_mins(1);

/// The ends and the durations of the latest calls. A new call replaces the oldest.
#[derive(Debug, Default)]
pub struct Recent {
    calls: Vec<(Duration, f64)>,
    next: usize,
}

impl Recent {
    /// Records a call.
    pub fn record(&mut self, seconds: f64, now: Duration) {
        if self.calls.len() < KEPT {
            self.calls.reserve_exact(KEPT - self.calls.len());
            self.calls.push((now, seconds));
        } else {
            self.calls[self.next] = (now, seconds);
        }
        self.next = (self.next + 1) % KEPT;
    }

    /// Returns the 95th percentile of the last minute, if there were calls.
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
    fn the_highest_twentieth_is_left_out_and_new_calls_replace_the_oldest() {
        let mut recent = Recent::default();
        (1..=20).for_each(|seconds| recent.record(f64::from(seconds), at(0)));
        assert_eq!(recent.p95(at(0)), Some(19.0));
        (0..KEPT).for_each(|_| recent.record(0.5, at(1)));
        assert_eq!((recent.p95(at(1)), recent.calls.len()), (Some(0.5), KEPT));
    }
}
