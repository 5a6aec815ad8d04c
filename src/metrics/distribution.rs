//! A histogram of durations, with the buckets that Prometheus gets.

use serde::Serialize;

/// The upper bounds of the buckets, in seconds.
pub const BOUNDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The counts by bucket.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize)]
pub struct Distribution {
    sum: f64,
    pub(super) count: u64,
    buckets: [u64; BOUNDS.len()],
}

impl Distribution {
    /// Records a duration. A duration above all bounds is in the count alone.
    pub fn record(&mut self, seconds: f64) {
        self.sum += seconds;
        self.count += 1;
        if let Some(at) = BOUNDS.iter().position(|bound| seconds <= *bound) {
            self.buckets[at] += 1;
        }
    }

    /// Adds to each bucket the buckets below it.
    pub fn cumulative(mut self) -> Self {
        let mut below = 0;
        for count in &mut self.buckets {
            below += *count;
            *count = below;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let mut distribution = Distribution::default();
        for seconds in [0.0, 0.001, 0.0011, 60.0, 61.0] {
            distribution.record(seconds);
        }
        let Distribution { sum, count, buckets } = distribution.cumulative();
        assert_eq!((sum, count, buckets), (121.0021, 5, [2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4]));
    }
}
