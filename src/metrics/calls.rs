//! Calls by server and tool. The number of series is bounded, because clients can make names up.

use super::distribution::Distribution;
use super::latency::{Latency, Summary};
use super::names::{MAX_SERIES, OTHERS, label};
use super::outcome::Outcome;
use super::recent::Recent;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The series of all calls that have no series of their own.
pub const OTHER: u32 = 0;

/// The series of all tools.
#[derive(Debug)]
pub struct Calls {
    numbers: HashMap<(String, String), u32>,
    series: Vec<Series>,
}

#[derive(Debug)]
struct Series {
    server: String,
    tool: String,
    outcomes: [Option<Box<Distribution>>; Outcome::ALL.len()],
    latency: Latency,
    recent: Recent,
}

/// A snapshot of a series.
#[derive(Debug, Serialize)]
pub struct CallsOf {
    server: String,
    tool: String,
    #[serde(flatten)]
    summary: Summary,
    outcomes: BTreeMap<Outcome, Distribution>,
}

/// The calls of a server so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ServerTotals {
    calls: u64,
    failures: u64,
}

/// The tool that takes longest at present.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Slowest {
    server: String,
    tool: String,
    p95: f64,
}

impl Default for Calls {
    fn default() -> Self {
        Self { numbers: HashMap::new(), series: vec![Series::new(OTHERS.to_owned(), OTHERS.to_owned())] }
    }
}

impl Series {
    fn new(server: String, tool: String) -> Self {
        let outcomes = Default::default();
        Self { server, tool, outcomes, latency: Latency::default(), recent: Recent::default() }
    }

    fn by_outcome(&self) -> impl Iterator<Item = (Outcome, &Distribution)> {
        Outcome::ALL.into_iter().filter_map(|outcome| Some((outcome, self.outcomes[outcome as usize].as_deref()?)))
    }

    fn count(&self) -> u64 {
        self.outcomes.iter().flatten().map(|outcome| outcome.count).sum()
    }

    fn failures(&self) -> u64 {
        self.count() - self.outcomes[Outcome::Ok as usize].as_ref().map_or(0, |outcome| outcome.count)
    }
}

impl Calls {
    /// Returns the number of a series, which may be new; [`OTHER`] when there are too many.
    pub fn series(&mut self, server: &str, tool: &str) -> u32 {
        let names = (label(server), label(tool));
        if let Some(number) = self.numbers.get(&names) {
            return *number;
        }
        let number = u32::try_from(self.series.len()).unwrap_or(OTHER);
        if self.series.len() > MAX_SERIES {
            return OTHER;
        }
        self.series.push(Series::new(names.0.clone(), names.1.clone()));
        self.numbers.insert(names, number);
        number
    }

    /// Records a call that has ended.
    pub fn record(&mut self, series: u32, outcome: Outcome, seconds: f64, now: Duration) {
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        let Some(series) = self.series.get_mut(series as usize) else { return };
        series.outcomes[outcome as usize].get_or_insert_default().record(seconds);
        series.latency.record(seconds);
        series.recent.record(seconds, now);
    }

    /// Returns a snapshot of each series that has calls, in the order of their first calls.
    pub fn list(&self) -> Vec<CallsOf> {
        let seen = self.series.iter().filter(|series| series.count() > 0);
        let snapshot = |series: &Series| CallsOf {
            server: series.server.clone(),
            tool: series.tool.clone(),
            summary: series.latency.summary(),
            outcomes: series.by_outcome().map(|(outcome, of)| (outcome, of.cumulative())).collect(),
        };
        seen.map(snapshot).collect()
    }

    /// Returns the numbers of calls and of failures.
    pub fn totals(&self) -> (u64, u64) {
        (self.series.iter().map(Series::count).sum(), self.series.iter().map(Series::failures).sum())
    }

    /// Returns the numbers of calls and of failures by server.
    pub fn totals_by_server(&self) -> BTreeMap<String, ServerTotals> {
        let mut all: BTreeMap<String, ServerTotals> = BTreeMap::new();
        for series in self.series.iter().filter(|series| series.count() > 0) {
            let of = all.entry(series.server.clone()).or_default();
            of.calls += series.count();
            of.failures += series.failures();
        }
        all
    }

    /// Returns the slowest tool of the last minute.
    pub fn slowest(&self, now: Duration) -> Option<Slowest> {
        let timed = self.series.iter().filter_map(|series| Some((series, series.recent.p95(now)?)));
        let (series, p95) = timed.max_by(|one, other| one.1.total_cmp(&other.1))?;
        Some(Slowest { server: series.server.clone(), tool: series.tool.clone(), p95 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_have_the_same_series_of_which_there_are_two_hundred() {
        let mut calls = Calls::default();
        let first = calls.series("server", "tool 1");
        assert_ne!(first, OTHER);
        assert_eq!(calls.series("server", "tool\n 1"), first);
        let numbers: Vec<u32> = (2..=300).map(|tool| calls.series("server", &format!("tool {tool}"))).collect();
        assert_eq!(numbers.iter().filter(|number| **number != OTHER).count(), MAX_SERIES - 1);
        assert_eq!(calls.series("server", "tool 1"), first);
        assert_eq!(calls.series("server", "tool 300"), OTHER);
        assert_eq!(calls.series.len(), MAX_SERIES + 1);
    }

    #[test]
    fn invalid_numbers_do_no_harm() {
        let mut calls = Calls::default();
        for (series, outcome, seconds) in [(9, Outcome::Ok, 1.0), (0, Outcome::Ok, f64::NAN), (0, Outcome::Tool, -5.0)]
        {
            calls.record(series, outcome, seconds, Duration::ZERO);
        }
        assert_eq!(calls.totals(), (2, 1));
        assert_eq!(calls.totals_by_server(), [(OTHERS.to_owned(), ServerTotals { calls: 2, failures: 1 })].into());
        assert!(calls.list()[0].summary.max.abs() < f64::EPSILON);
    }

    #[test]
    fn the_slowest_tool_is_of_the_last_minute() {
        let mut calls = Calls::default();
        let (slow, quick) = (calls.series("a", "slow"), calls.series("a", "quick"));
        calls.record(slow, Outcome::Ok, 5.0, Duration::ZERO);
        calls.record(quick, Outcome::Ok, 1.0, Duration::from_secs(30));
        let name = |now| calls.slowest(Duration::from_secs(now)).map(|slowest| slowest.tool);
        assert_eq!(name(30).as_deref(), Some("slow"));
        assert_eq!(name(70).as_deref(), Some("quick"));
        assert_eq!(name(100), None);
    }
}
