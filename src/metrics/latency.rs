//! Quantiles of durations to within a hundredth, in a few kilobytes for any number of durations.

use hdrhistogram::Histogram;
use serde::Serialize;

/// The longest duration in the quantiles, in microseconds. Longer durations count as this one.
const LONGEST: u64 = 3_600_000_000;
/// The number of significant digits.
const DIGITS: u8 = 2;

/// The durations so far. Without any, there is no histogram in memory.
#[derive(Debug, Default)]
pub struct Latency {
    histogram: Option<Histogram<u32>>,
    count: u64,
    sum: f64,
    max: f64,
}

/// A summary in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// The number of durations.
    pub count: u64,
    /// The median.
    pub p50: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The longest.
    pub max: f64,
    /// The mean.
    pub mean: f64,
}

impl Latency {
    /// Records a duration.
    pub fn record(&mut self, seconds: f64) {
        if self.histogram.is_none() {
            self.histogram = Histogram::new_with_bounds(1, LONGEST, DIGITS).ok();
        }
        if let Some(histogram) = &mut self.histogram {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it saturates, and none is negative"
            )]
            histogram.saturating_record((seconds * 1e6) as u64);
        }
        self.count += 1;
        self.sum += seconds;
        self.max = self.max.max(seconds);
    }

    /// Summarizes the durations.
    pub fn summary(&self) -> Summary {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let mean = if self.count == 0 { 0.0 } else { self.sum / self.count as f64 };
        let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|quantile| self.at(quantile));
        Summary { count: self.count, p50, p95, p99, max: self.max, mean }
    }

    fn at(&self, quantile: f64) -> f64 {
        let micros = self.histogram.as_ref().map_or(0, |histogram| histogram.value_at_quantile(quantile));
        #[expect(clippy::cast_precision_loss, reason = "an hour at most")]
        let seconds = micros as f64 / 1e6;
        // A bucket of the histogram may end above the longest duration.
        seconds.min(self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_summary_of_nothing_is_zero() {
        let none = Summary { count: 0, p50: 0.0, p95: 0.0, p99: 0.0, max: 0.0, mean: 0.0 };
        assert_eq!(Latency::default().summary(), none);
    }

    #[test]
    fn quantiles_end_at_an_hour() {
        let mut latency = Latency::default();
        latency.record(1e9);
        let Summary { p50, max, mean, .. } = latency.summary();
        assert!((3590.0..3640.0).contains(&p50), "{p50}");
        assert_eq!((max, mean), (1e9, 1e9));
    }

    proptest! {
        #[test]
        fn quantiles_are_within_two_hundredths(mut all in prop::collection::vec(1e-4..3000.0f64, 1..500)) {
            let mut latency = Latency::default();
            for seconds in &all {
                latency.record(*seconds);
            }
            all.sort_by(f64::total_cmp);
            let Summary { p50, p95, p99, max, .. } = latency.summary();
            for (quantile, seen) in [(0.5, p50), (0.95, p95), (0.99, p99), (1.0, max)] {
                #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "few")]
                let exact = all[((quantile * all.len() as f64).ceil() as usize).max(1) - 1];
                prop_assert!((seen / exact - 1.0).abs() < 0.02, "{} for {} at {}", seen, exact, quantile);
            }
        }
    }
}
