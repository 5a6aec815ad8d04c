//! The objects that cross between JavaScript and the workers.

use crate::bindings::process::shapes::{EndReason, ProcessRequest};
use crate::bindings::time::{duration, milliseconds};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use crate::worker::{Count, Template, WorkerEnd, WorkerError, WorkerPool};
use napi_derive::napi;

/// The options of a pool, checked by `lib/`. Times are in ms.
#[napi(object, object_to_js = false)]
pub struct WorkerPoolRequest {
    /// The command of its workers.
    pub worker: ProcessRequest,
    /// The most workers.
    pub max_size: u32,
    /// The most workers that may be starting at a time.
    pub max_starting: u32,
    /// The time after which an idle worker is shut down, `Infinity` for never.
    pub idle_timeout: f64,
    /// The most leases of a worker.
    pub max_uses: Option<u32>,
    /// The age above which a worker is shut down.
    pub max_lifetime: Option<f64>,
    /// The count of workers that are kept although they are idle.
    pub min_warm: u32,
    /// The timeout of the line by which a worker says that it is ready; undefined without such a line.
    pub ready_within: Option<f64>,
}

/// The outcome of waiting for a worker: one of these is set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct WorkerAcquired {
    /// The worker's pid.
    pub pid: Option<u32>,
    /// The reason for having no worker.
    pub failure: Option<WorkerFailure>,
}

/// The reason for having no worker.
#[napi(object, object_from_js = false)]
pub struct WorkerFailure {
    /// The kind of the failure.
    pub kind: WorkerFailureKind,
    /// The system's error number of a failed start.
    pub errno: Option<i32>,
    /// The exit of the worker that was starting.
    pub end: Option<WorkerExit>,
    /// The ms in which no worker will be started, after too many failures like this one.
    pub retry_after: Option<f64>,
}

/// The kind of a [`WorkerFailure`].
#[napi(string_enum = "camelCase")]
pub enum WorkerFailureKind {
    /// The wait took too long.
    Timeout,
    /// The caller gave the wait up.
    Aborted,
    /// The pool is shutting down.
    Closed,
    /// Its process could not be started.
    Spawn,
    /// It exited before it was ready.
    Exited,
    /// It did not say in time that it is ready.
    NotReady,
    /// A bug of procward.
    Internal,
}

/// The reason for which JavaScript gives up waiting for a worker.
#[napi(string_enum = "lowercase")]
pub enum WorkerGiveUpReason {
    /// The wait took too long.
    Timeout,
    /// The caller gave the wait up.
    Aborted,
}

/// The exit of a worker.
#[napi(object, object_from_js = false)]
pub struct WorkerExit {
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// The reason for which procward ended it.
    pub ended: Option<EndReason>,
    /// The last part of its standard error.
    pub stderr: String,
}

/// An event of a leased worker.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct WorkerEvent {
    /// The lease.
    pub lease: u32,
    /// Lines of its standard output.
    pub lines: Vec<String>,
    /// Lines of its standard error.
    pub error_lines: Vec<String>,
    /// Its exit, after which no event follows.
    pub exit: Option<WorkerExit>,
}

/// The counts of a pool.
#[napi(object, object_from_js = false)]
pub struct WorkerPoolStatus {
    /// Workers that are not ready yet.
    pub starting: u32,
    /// Workers without a lease.
    pub idle: u32,
    /// Leased workers.
    pub busy: u32,
    /// Workers that are shutting down.
    pub ending: u32,
    /// Waiters.
    pub queued: u32,
    /// Started workers so far.
    pub created: f64,
    /// Failed starts so far.
    pub failed: f64,
    /// Leases of a worker that had been leased before.
    pub reused: f64,
    /// Workers that were shut down for being idle.
    pub ended_idle: f64,
    /// Workers that were shut down after their last lease.
    pub ended_uses: f64,
    /// Workers that were shut down for their age.
    pub ended_lifetime: f64,
    /// Workers that were shut down for being unhealthy.
    pub ended_unhealthy: f64,
    /// Workers that were shut down with the pool.
    pub ended_closed: f64,
    /// Workers that exited by themselves.
    pub crashed: f64,
}

impl WorkerPoolRequest {
    /// Converts to the core's parts.
    pub fn into_parts(self) -> (Template, Limits, Rules) {
        let mut call = self.worker.into_call(0, None);
        call.label.pooled = true;
        let rules = Rules {
            max_uses: self.max_uses.map(u64::from),
            max_lifetime: self.max_lifetime.map(duration),
            idle_timeout: duration(self.idle_timeout),
            min_warm: self.min_warm,
            max_in_flight: 1,
            instances: u32::MAX,
            overlaps: false,
        };
        let template = Template { call, ready_within: self.ready_within.map(duration) };
        (template, Limits { max_members: self.max_size as usize, max_starting: self.max_starting as usize }, rules)
    }
}

impl From<Refusal<WorkerError>> for WorkerFailure {
    fn from(refusal: Refusal<WorkerError>) -> Self {
        match refusal {
            // No waiter for a worker gives way.
            Refusal::Closed | Refusal::Unknown | Refusal::Paused { .. } => Self::of(WorkerFailureKind::Closed),
            Refusal::Start(error) => error.into(),
            Refusal::Unavailable { retry_after, last } => {
                Self { retry_after: Some(milliseconds(retry_after).ceil()), ..last.into() }
            }
        }
    }
}

impl From<WorkerError> for WorkerFailure {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Spawn(errno) => Self { errno: Some(errno.unwrap_or(0)), ..Self::of(WorkerFailureKind::Spawn) },
            WorkerError::Exited(end) => Self { end: Some(end.into()), ..Self::of(WorkerFailureKind::Exited) },
            WorkerError::NotReady(_, end) => Self { end: Some(end.into()), ..Self::of(WorkerFailureKind::NotReady) },
            WorkerError::Abandoned | WorkerError::Panicked => Self::of(WorkerFailureKind::Internal),
        }
    }
}

impl WorkerFailure {
    /// Creates a failure without details.
    pub fn of(kind: WorkerFailureKind) -> Self {
        Self { kind, errno: None, end: None, retry_after: None }
    }
}

impl From<WorkerGiveUpReason> for WorkerFailureKind {
    fn from(reason: WorkerGiveUpReason) -> Self {
        match reason {
            WorkerGiveUpReason::Timeout => Self::Timeout,
            WorkerGiveUpReason::Aborted => Self::Aborted,
        }
    }
}

impl From<WorkerEnd> for WorkerExit {
    fn from(end: WorkerEnd) -> Self {
        Self {
            exit_code: end.exit.code,
            signal: end.exit.signal,
            ended: end.ended.map(EndReason::from),
            stderr: String::from_utf8_lossy(&end.stderr).into_owned(),
        }
    }
}

impl From<&WorkerPool> for WorkerPoolStatus {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn from(pool: &WorkerPool) -> Self {
        let (Count { starting, idle, busy, ending }, stats) = (pool.count(), pool.stats());
        let ended = |reason| stats.retired.get(&reason).copied().unwrap_or_default() as f64;
        Self {
            starting,
            idle,
            busy,
            ending,
            queued: u32::try_from(pool.queued()).unwrap_or(u32::MAX),
            created: stats.created as f64,
            failed: stats.failed as f64,
            reused: stats.reused as f64,
            ended_idle: ended(Retirement::Idle),
            ended_uses: ended(Retirement::Uses),
            ended_lifetime: ended(Retirement::Lifetime),
            ended_unhealthy: ended(Retirement::Unhealthy),
            ended_closed: ended(Retirement::Closed),
            crashed: ended(Retirement::Exited),
        }
    }
}
