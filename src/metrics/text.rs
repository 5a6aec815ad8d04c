//! Metrics as text: `OpenMetrics`, and the older format that Prometheus reads unless it asks for that.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

/// Everything under one name; a counter's has no `_total` here.
#[derive(Debug, Clone, Deserialize)]
pub struct Family {
    name: String,
    help: String,
    #[serde(flatten)]
    points: Points,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", content = "points", rename_all = "lowercase")]
enum Points {
    Gauge(Vec<Point>),
    Counter(Vec<Point>),
    Histogram(Vec<Steps>),
}

#[derive(Debug, Clone, Deserialize)]
struct Point {
    labels: BTreeMap<String, String>,
    value: f64,
}

/// Each step counts those below it too.
#[derive(Debug, Clone, Deserialize)]
struct Steps {
    labels: BTreeMap<String, String>,
    sum: f64,
    count: u64,
    buckets: Vec<(f64, u64)>,
}

/// The text of `OpenMetrics`.
///
/// # Errors
/// None that is known: writing to a string does not fail.
pub fn openmetrics(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    encode(&mut text, &registry)?;
    Ok(text)
}

/// The text of Prometheus, version 0.0.4: there a counter's family is called as its samples are, and has no unit.
///
/// # Errors
/// As [`openmetrics`].
pub fn prometheus(families: Vec<Family>) -> Result<String, fmt::Error> {
    let is_counter = |family: &&Family| matches!(family.points, Points::Counter(_));
    let counters: Vec<String> = families.iter().filter(is_counter).map(|family| family.name.clone()).collect();
    let text = openmetrics(families)?;
    let mut plain = String::with_capacity(text.len());
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("EOF" | "UNIT"), ..) => continue,
            (Some("#"), Some(what), Some(name), Some(rest)) if counters.iter().any(|counter| counter == name) => {
                plain.extend(["# ", what, " ", name, "_total ", rest]);
            }
            _ => plain.push_str(line),
        }
        plain.push('\n');
    }
    Ok(plain)
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        for Family { name, help, points } in &self.0 {
            let (name, unit) = apart(name);
            let kind = match points {
                Points::Gauge(_) => MetricType::Gauge,
                Points::Counter(_) => MetricType::Counter,
                Points::Histogram(_) => MetricType::Histogram,
            };
            let metric = encoder.encode_descriptor(name, help, unit.as_ref(), kind)?;
            points.encode(metric)?;
        }
        Ok(())
    }
}

impl Points {
    fn encode(&self, mut metric: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        match self {
            Self::Gauge(points) => points.iter().try_for_each(|Point { labels, value }| {
                with(&mut metric, labels, |mut metric| metric.encode_gauge(value))
            }),
            Self::Counter(points) => points.iter().try_for_each(|Point { labels, value }| {
                with(&mut metric, labels, |mut metric| metric.encode_counter(value, None::<&Exemplar<NoLabelSet, f64>>))
            }),
            Self::Histogram(points) => points.iter().try_for_each(|steps| {
                with(&mut metric, &steps.labels, |mut metric| {
                    metric.encode_histogram(steps.sum, steps.count, &steps.apart(), None::<&NoExemplars>)
                })
            }),
        }
    }
}

type NoExemplars = std::collections::HashMap<usize, Exemplar<NoLabelSet, f64>>;

impl Steps {
    /// Each step without those below it, and the last without end.
    fn apart(&self) -> Vec<(f64, u64)> {
        let mut below = 0;
        let ends = self.buckets.iter().copied().chain([(f64::INFINITY, self.count)]);
        ends.map(|(bound, count)| (bound, count.saturating_sub(std::mem::replace(&mut below, count)))).collect()
    }
}

fn with(
    metric: &mut MetricEncoder<'_>,
    labels: &BTreeMap<String, String>,
    encode: impl FnOnce(MetricEncoder<'_>) -> Result<(), fmt::Error>,
) -> Result<(), fmt::Error> {
    let labels: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    encode(metric.encode_family(&labels)?)
}

/// The name without its unit, and that.
fn apart(name: &str) -> (&str, Option<Unit>) {
    let units = [("_seconds", Unit::Seconds), ("_bytes", Unit::Bytes)];
    let found = units.into_iter().find_map(|(end, unit)| Some((name.strip_suffix(end)?, Some(unit))));
    found.unwrap_or((name, None))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        serde_json::from_str(
            r#"[
            { "name": "queued", "help": "Waiting.", "type": "gauge", "points": [{ "labels": {}, "value": 2 }] },
            { "name": "kills", "help": "Ended # of them.", "type": "counter", "points": [
              { "labels": { "reason": "a \"quoted\\\" one\nand a line" }, "value": 3 }] },
            { "name": "call_seconds", "help": "Long.", "type": "histogram", "points": [
              { "labels": { "tool": "kills" }, "sum": 1.5, "count": 3, "buckets": [[0.1, 1], [2, 2]] }] },
            { "name": "none_bytes", "help": "Empty.", "type": "gauge", "points": [] }]"#,
        )
        .expect("families")
    }

    #[test]
    fn openmetrics_has_units_and_an_end() {
        let text = r#"# HELP queued Waiting.
# TYPE queued gauge
queued 2.0
# HELP kills Ended # of them.
# TYPE kills counter
kills_total{reason="a \"quoted\\\" one\nand a line"} 3.0
# HELP call_seconds Long.
# TYPE call_seconds histogram
# UNIT call_seconds seconds
call_seconds_sum{tool="kills"} 1.5
call_seconds_count{tool="kills"} 3
call_seconds_bucket{le="0.1",tool="kills"} 1
call_seconds_bucket{le="2.0",tool="kills"} 2
call_seconds_bucket{le="+Inf",tool="kills"} 3
# HELP none_bytes Empty.
# TYPE none_bytes gauge
# UNIT none_bytes bytes
# EOF
"#;
        assert_eq!(openmetrics(families()).as_deref(), Ok(text));
    }

    #[test]
    fn prometheus_calls_a_counter_as_its_samples_are_called() {
        let text = r#"# HELP queued Waiting.
# TYPE queued gauge
queued 2.0
# HELP kills_total Ended # of them.
# TYPE kills_total counter
kills_total{reason="a \"quoted\\\" one\nand a line"} 3.0
# HELP call_seconds Long.
# TYPE call_seconds histogram
call_seconds_sum{tool="kills"} 1.5
call_seconds_count{tool="kills"} 3
call_seconds_bucket{le="0.1",tool="kills"} 1
call_seconds_bucket{le="2.0",tool="kills"} 2
call_seconds_bucket{le="+Inf",tool="kills"} 3
# HELP none_bytes Empty.
# TYPE none_bytes gauge
"#;
        assert_eq!(prometheus(families()).as_deref(), Ok(text));
    }
}
