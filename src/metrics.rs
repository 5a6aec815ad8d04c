//! Counts and times: calls by server and tool, waits for a slot, process trees by server.
//!
//! Nothing here has a clock or knows JavaScript. Recording takes a lock for some nanoseconds, and no memory once the series
//! exists.

mod calls;
mod children;
mod distribution;
mod latency;
mod names;
mod recent;

pub use calls::{Calls, OTHER, OUTCOMES, Outcome};
pub use children::{Children, ChildrenOf};
pub use distribution::BOUNDS;

use distribution::Distribution;
use latency::{Latency, Summary};
use parking_lot::Mutex;
use serde::Serialize;
use std::time::Duration;

/// The number of reasons why a call gets no slot: timeout, aborted, full, closed.
pub const REJECTIONS: usize = 4;
/// The metrics that this process has recorded.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: Calls,
    waits: Waits,
    rejected: [u64; REJECTIONS],
}

#[derive(Debug, Default)]
struct Waits {
    latency: Latency,
    distribution: Distribution,
}

/// All metrics at one instant.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    bounds: [f64; BOUNDS.len()],
    calls: Vec<calls::CallsOf>,
    wait: WaitsNow,
    rejected: [u64; REJECTIONS],
}

#[derive(Debug, Serialize)]
struct WaitsNow {
    #[serde(flatten)]
    summary: Summary,
    histogram: Distribution,
}

/// The sums that are sampled every few seconds.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    calls: u64,
    failures: u64,
    queue_timeouts: u64,
    slowest: Option<calls::Slowest>,
}

impl Metrics {
    /// Returns the number of a tool's series; [`OTHER`] when there are too many.
    pub fn series(&self, server: &str, tool: &str) -> u32 {
        self.0.lock().calls.series(server, tool)
    }

    /// Records a call that has ended. `now` is the time since a fixed instant.
    pub fn record_call(&self, series: u32, outcome: Outcome, seconds: f64, now: Duration) {
        self.0.lock().calls.record(series, outcome, seconds, now);
    }

    /// Records the wait of a call that got a slot.
    pub fn record_wait(&self, seconds: f64) {
        let waits = &mut self.0.lock().waits;
        waits.latency.record(seconds);
        waits.distribution.record(seconds);
    }

    /// Records a call that got no slot.
    pub fn record_rejection(&self, reason: u32) {
        if let Some(count) = self.0.lock().rejected.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Returns all metrics.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.0.lock();
        let Waits { latency, distribution } = &state.waits;
        Snapshot {
            bounds: BOUNDS,
            calls: state.calls.list(),
            wait: WaitsNow { summary: latency.summary(), histogram: distribution.cumulative() },
            rejected: state.rejected,
        }
    }

    /// Returns the sums.
    pub fn totals(&self, now: Duration) -> Totals {
        let state = self.0.lock();
        let (calls, failures) = state.calls.totals();
        Totals { calls, failures, queue_timeouts: state.rejected[0], slowest: state.calls.slowest(now) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_has_all_that_was_recorded() {
        let metrics = Metrics::default();
        metrics.record_wait(0.2);
        metrics.record_rejection(0);
        metrics.record_rejection(99);
        let series = metrics.series("a", "b");
        metrics.record_call(series, 0, 0.5, Duration::ZERO);
        metrics.record_call(series, 3, 1.5, Duration::ZERO);
        let seen = serde_json::to_value(metrics.snapshot()).expect("JSON");
        assert_eq!(seen["rejected"], serde_json::json!([1, 0, 0, 0]));
        assert_eq!(seen["wait"]["count"], 1);
        assert_eq!(seen["wait"]["histogram"]["buckets"], serde_json::json!([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]));
        assert_eq!(seen["calls"][0]["tool"], "b");
        assert_eq!(seen["calls"][0]["outcomes"][3]["sum"], 1.5);
        assert_eq!(seen["calls"][0]["outcomes"][1], serde_json::Value::Null);
        let totals = serde_json::to_value(metrics.totals(Duration::ZERO)).expect("JSON");
        assert_eq!(
            (&totals["calls"], &totals["failures"], &totals["queueTimeouts"]),
            (&2.into(), &1.into(), &1.into())
        );
        assert_eq!(totals["slowest"], serde_json::json!({ "server": "a", "tool": "b", "p95": 1.5 }));
    }
}
