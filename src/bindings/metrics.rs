//! What is recorded of calls, and all metrics. Numbers come in, JSON goes out: whoever looks has time.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::error::{Result, internal};
use crate::metrics::{ChildrenOf, Snapshot, Totals};
use crate::process::usage::{Usage, resident, usage};
use crate::supervisor::{Supervisor, metrics};
use napi_derive::napi;
use serde::Serialize;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> Duration {
    START.elapsed()
}

#[derive(Serialize)]
struct Everything {
    #[serde(flatten)]
    recorded: Snapshot,
    children: Vec<ChildrenOf>,
}

#[derive(Serialize)]
struct Sums {
    #[serde(flatten)]
    totals: Totals,
    children: u64,
    memory: u64,
    stuck: u64,
}

/// The number of the calls to this tool; 0, which is of all others, when there are too many to tell apart.
#[napi]
pub fn metrics_series(server: String, tool: String) -> u32 {
    metrics().series(&server, &tool)
}

/// A call of this series has ended, with the outcome in this place of `lib/metrics/outcomes.js`.
#[napi]
pub fn metrics_record_call(series: u32, outcome: u32, seconds: f64) {
    metrics().record_call(series, outcome, seconds, now());
}

/// A call waited so long for the slot that it got.
#[napi]
pub fn metrics_record_wait(seconds: f64) {
    metrics().record_wait(seconds);
}

/// A call got no slot, for the reason in this place of `lib/metrics/outcomes.js`.
#[napi]
pub fn metrics_record_rejection(reason: u32) {
    metrics().record_rejection(reason);
}

/// Everything that was recorded, and the process trees by server: JSON.
#[napi]
pub fn metrics_snapshot() -> Result<String> {
    json(&Everything { recorded: metrics().snapshot(), children: children(everything)? })
}

/// The sums of it: JSON.
#[napi]
pub fn metrics_totals() -> Result<String> {
    let all = children(memory_alone)?;
    let sum = |of: fn(&ChildrenOf) -> u64| all.iter().map(of).sum();
    let (children, memory, stuck) = (sum(|of| of.count), sum(|of| of.memory), sum(|of| of.stuck));
    json(&Sums { totals: metrics().totals(now()), children, memory, stuck })
}

fn children(look: impl Fn(u32) -> Usage) -> Result<Vec<ChildrenOf>> {
    let supervisor = Supervisor::get().map_err(|error| internal(error.into()))?;
    Ok(supervisor.registry.children(look))
}

fn everything(pid: u32) -> Usage {
    usage(pid).unwrap_or_default()
}

fn memory_alone(pid: u32) -> Usage {
    Usage { memory: resident(pid).unwrap_or_default(), ..Usage::default() }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| failed(&error))
}

fn failed(error: &dyn std::error::Error) -> napi::Error<&'static str> {
    napi::Error::new("ERR_INTERNAL", error.to_string())
}
