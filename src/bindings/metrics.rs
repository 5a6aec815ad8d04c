//! Metrics: numbers come in for each call, JSON goes out for the few readers.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::enums::mirrored;
use super::error::Result;
use super::time::since_start;
use crate::metrics::{self as core, ChildrenOf, OTHER, Outcome, Rejection, Snapshot, Totals};
use crate::process::usage::{Usage, resident, usage};
use crate::supervisor::{Supervisor, metrics};
use napi_derive::napi;
use serde::Serialize;

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
    spawns: u64,
    crashes: u64,
}

mirrored! {
    #[doc = " The way in which a call ended."]
    #[napi]
    pub enum CallOutcome => Outcome {
        Ok,
        Tool,
        Protocol,
        Timeout,
        Aborted,
        Exited,
        Start,
        Unavailable,
        Unauthorized,
        Unknown,
        Mcporter,
        Cleanup,
        MaxBuffer,
        Closed,
        Error,
    }
}

mirrored! {
    #[doc = " The reason for which a call got no slot."]
    #[napi]
    pub enum CallRejection => Rejection {
        Timeout,
        Aborted,
        Full,
        Closed,
    }
}

mirrored! {
    #[doc = " The guard of a child of `child_process`."]
    #[napi]
    pub enum ChildGuard => core::ChildGuard {
        Guarded,
        Adopted,
        Unguarded,
    }
}

mirrored! {
    #[doc = " The reason for which Node.js itself started a child."]
    #[napi]
    pub enum ChildFallback => core::ChildFallback {
        Errno,
        Error,
        Permission,
        Platform,
        Stdio,
        Version,
        Warden,
    }
}

/// The series of all calls without a series of their own.
#[napi]
pub const METRICS_OTHER_SERIES: u32 = OTHER;

/// Returns the series of the calls to this tool: `METRICS_OTHER_SERIES` when there are too many series.
#[napi]
pub fn metrics_series(server: String, tool: String) -> u32 {
    metrics().series(&server, &tool)
}

/// Records the end of a call of this series.
#[napi]
pub fn metrics_record_call(series: u32, outcome: CallOutcome, seconds: f64) {
    metrics().record_call(series, outcome.into(), seconds, since_start());
}

/// Records how long a call waited for its slot.
#[napi]
pub fn metrics_record_wait(seconds: f64) {
    metrics().record_wait(seconds);
}

/// Records a call that got no slot.
#[napi]
pub fn metrics_record_rejection(reason: CallRejection) {
    metrics().record_rejection(reason.into());
}

/// Records the start of a child of `child_process`.
#[napi]
pub fn metrics_record_child(guard: ChildGuard, fallback: Option<ChildFallback>) {
    metrics().record_child_process(guard.into(), fallback.map(Into::into));
}

/// Records that a detached child may outlive this process.
#[napi]
pub fn metrics_record_released_child() {
    metrics().record_released_child_process();
}

/// Returns all recorded metrics, and the process trees by server, as JSON.
#[napi]
pub fn metrics_snapshot() -> Result<String> {
    json(&Everything { recorded: metrics().snapshot(), children: children(everything) })
}

/// Returns the sums of the metrics as JSON.
#[napi]
pub fn metrics_totals() -> Result<String> {
    let all = children(memory_alone);
    let sum = |of: fn(&ChildrenOf) -> u64| all.iter().map(of).sum();
    let (children, memory, stuck) = (sum(|of| of.count), sum(|of| of.memory), sum(|of| of.stuck));
    let (spawns, crashes) = (sum(|of| of.spawns), sum(crashes));
    json(&Sums { totals: metrics().totals(since_start()), children, memory, stuck, spawns, crashes })
}

/// Returns the count of exits by a signal that procward did not send.
fn crashes(of: &ChildrenOf) -> u64 {
    ["killed", "oom"].iter().filter_map(|reason| of.exits.get(reason)).sum()
}

fn children(look: impl Fn(u32) -> Usage) -> Vec<ChildrenOf> {
    Supervisor::existing().map(|supervisor| supervisor.registry.children(look)).unwrap_or_default()
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
