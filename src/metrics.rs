//! Counts and times: calls by server and tool, waits for a slot, process trees by server, children of `child_process`.
//!
//! Nothing here has a clock or knows JavaScript. Recording takes a lock for some nanoseconds, and no memory once the series
//! exists.

mod calls;
mod child_processes;
mod children;
mod distribution;
mod latency;
mod names;
mod outcome;
mod recent;

pub use calls::{Calls, OTHER};
pub use child_processes::{ChildFallback, ChildGuard, WaitingStart};
pub use children::{Children, ChildrenOf};
pub use distribution::BOUNDS;
pub use outcome::{Outcome, Rejection};

use child_processes::{ChildProcesses, ChildProcessesNow};
use distribution::Distribution;
use latency::{Latency, Summary};
use parking_lot::Mutex;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The metrics that this process has recorded.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: Calls,
    waits: Waits,
    rejected: [u64; Rejection::ALL.len()],
    child_processes: ChildProcesses,
}

#[derive(Debug, Default)]
struct Waits {
    latency: Latency,
    distribution: Distribution,
}

/// All metrics at one instant.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    bounds: [f64; BOUNDS.len()],
    calls: Vec<calls::CallsOf>,
    wait: WaitsNow,
    rejected: BTreeMap<Rejection, u64>,
    child_processes: ChildProcessesNow,
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
    servers: BTreeMap<String, calls::ServerTotals>,
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
    pub fn record_rejection(&self, reason: Rejection) {
        self.0.lock().rejected[reason as usize] += 1;
    }

    /// Records the start of a child of `child_process`.
    pub fn record_child_process(&self, guard: ChildGuard, fallback: Option<ChildFallback>) {
        self.0.lock().child_processes.started(guard, fallback);
    }

    /// Records that a detached child may outlive this process.
    pub fn record_released_child_process(&self) {
        self.0.lock().child_processes.released();
    }

    /// Returns all metrics.
    pub fn snapshot(&self) -> Snapshot {
        let state = self.0.lock();
        let Waits { latency, distribution } = &state.waits;
        Snapshot {
            bounds: BOUNDS,
            calls: state.calls.list(),
            wait: WaitsNow { summary: latency.summary(), histogram: distribution.cumulative() },
            rejected: Rejection::ALL.into_iter().map(|reason| (reason, state.rejected[reason as usize])).collect(),
            child_processes: state.child_processes.now(),
        }
    }

    /// Returns the sums.
    pub fn totals(&self, now: Duration) -> Totals {
        let state = self.0.lock();
        let (calls, failures) = state.calls.totals();
        Totals {
            calls,
            failures,
            queue_timeouts: state.rejected[Rejection::Timeout as usize],
            slowest: state.calls.slowest(now),
            servers: state.calls.totals_by_server(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_has_all_that_was_recorded() {
        let metrics = Metrics::default();
        metrics.record_wait(0.2);
        metrics.record_rejection(Rejection::Timeout);
        metrics.record_child_process(ChildGuard::Guarded, None);
        metrics.record_child_process(ChildGuard::Adopted, Some(ChildFallback::Warden));
        metrics.record_released_child_process();
        let series = metrics.series("a", "b");
        metrics.record_call(series, Outcome::Ok, 0.5, Duration::ZERO);
        metrics.record_call(series, Outcome::Timeout, 1.5, Duration::ZERO);
        let seen = serde_json::to_value(metrics.snapshot()).expect("JSON");
        assert_eq!(seen["rejected"], serde_json::json!({ "timeout": 1, "aborted": 0, "full": 0, "closed": 0 }));
        let children = &seen["childProcesses"];
        assert_eq!(
            (&children["guarded"], &children["adopted"], &children["unguarded"]),
            (&1.into(), &1.into(), &0.into())
        );
        assert_eq!((&children["fallbacks"]["warden"], &children["fallbacks"]["stdio"]), (&1.into(), &0.into()));
        assert_eq!(children["released"], 1);
        assert_eq!(seen["wait"]["count"], 1);
        assert_eq!(
            seen["wait"]["histogram"]["buckets"],
            serde_json::json!([0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1])
        );
        assert_eq!(seen["calls"][0]["tool"], "b");
        assert_eq!(seen["calls"][0]["outcomes"]["timeout"]["sum"], 1.5);
        assert_eq!(seen["calls"][0]["outcomes"]["tool"], serde_json::Value::Null);
        let totals = serde_json::to_value(metrics.totals(Duration::ZERO)).expect("JSON");
        assert_eq!(
            (&totals["calls"], &totals["failures"], &totals["queueTimeouts"]),
            (&2.into(), &1.into(), &1.into())
        );
        assert_eq!(totals["servers"], serde_json::json!({ "a": { "calls": 2, "failures": 1 } }));
        assert_eq!(totals["slowest"], serde_json::json!({ "server": "a", "tool": "b", "p95": 1.5 }));
    }
}
