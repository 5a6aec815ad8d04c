//! What crosses between JavaScript and the workers.

use crate::bindings::process::shapes::{ProcessRequest, ended_name, time};
use crate::pool::{Limits, Refusal, Retirement, Rules};
use crate::worker::{Count, Template, WorkerEnd, WorkerError, WorkerPool};
use napi_derive::napi;

/// How many workers may be starting at a time: it is the starts that cost.
const MAX_STARTING: usize = 2;

/// A pool; `lib/` has checked it. Times are in ms.
#[napi(object, object_to_js = false)]
pub struct WorkerPoolRequest {
    /// How its workers are started.
    pub worker: ProcessRequest,
    /// How many there may be.
    pub max_size: u32,
    /// How long one may be idle, `Infinity` for ever.
    pub idle_timeout: f64,
    /// How often one is used.
    pub max_uses: Option<u32>,
    /// How long one is used.
    pub max_lifetime: Option<f64>,
    /// How many are kept though they are idle.
    pub min_warm: u32,
    /// How long one may take to write the line that says that it is ready; undefined where there is none.
    pub ready_within: Option<f64>,
}

/// What became of waiting for a worker: one of these is set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct WorkerAcquired {
    /// The worker's pid.
    pub pid: Option<u32>,
    /// Why there is none.
    pub failure: Option<WorkerFailure>,
}

/// Why there is no worker.
#[napi(object, object_from_js = false)]
pub struct WorkerFailure {
    /// What happened.
    #[napi(ts_type = "'timeout' | 'aborted' | 'closed' | 'spawn' | 'exited' | 'notReady' | 'internal'")]
    pub kind: &'static str,
    /// The system's error number when nothing could be started.
    pub errno: Option<i32>,
    /// How the worker ended that was waited for.
    pub end: Option<WorkerExit>,
    /// For how many ms none will be started, after too many failures like this one.
    pub retry_after: Option<f64>,
}

/// How a worker ended.
#[napi(object, object_from_js = false)]
pub struct WorkerExit {
    /// Its exit code.
    pub exit_code: Option<i32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// Why it had to end.
    #[napi(ts_type = "'timeout' | 'aborted' | 'maxBuffer' | 'cleanup' | 'shutdown'")]
    pub ended: Option<&'static str>,
    /// The last part of its standard error.
    pub stderr: String,
}

/// What a worker does while it is used.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct WorkerEvent {
    /// The use.
    pub lease: u32,
    /// It wrote these to its standard output.
    pub lines: Vec<String>,
    /// It wrote these to its standard error.
    pub error_lines: Vec<String>,
    /// It has ended, and nothing more will come.
    pub exit: Option<WorkerExit>,
}

/// A look at a pool.
#[napi(object, object_from_js = false)]
pub struct WorkerPoolStatus {
    /// Workers that are not ready yet.
    pub starting: u32,
    /// Workers that nobody uses.
    pub idle: u32,
    /// Workers in use.
    pub busy: u32,
    /// Workers on their way out.
    pub ending: u32,
    /// How many wait for one.
    pub queued: u32,
    /// How many were started.
    pub created: f64,
    /// How many starts failed.
    pub failed: f64,
    /// How many uses got a worker that had been used before.
    pub reused: f64,
    /// How many ended for being idle.
    pub ended_idle: f64,
    /// For having been used so often.
    pub ended_uses: f64,
    /// For their age.
    pub ended_lifetime: f64,
    /// For being unfit for further use.
    pub ended_unhealthy: f64,
    /// With the pool.
    pub ended_closed: f64,
    /// By themselves.
    pub crashed: f64,
}

impl WorkerPoolRequest {
    /// The core's pieces.
    pub fn into_parts(self) -> (Template, Limits, Rules) {
        let mut call = self.worker.into_call(0, None);
        call.label.pooled = true;
        let rules = Rules {
            max_uses: self.max_uses.map(u64::from),
            max_lifetime: self.max_lifetime.map(time),
            idle_timeout: time(self.idle_timeout),
            min_warm: self.min_warm,
            ..Rules::default()
        };
        let template = Template { call, ready_within: self.ready_within.map(time) };
        (template, Limits { max_members: self.max_size as usize, max_starting: MAX_STARTING }, rules)
    }
}

impl From<Refusal<WorkerError>> for WorkerFailure {
    fn from(refusal: Refusal<WorkerError>) -> Self {
        match refusal {
            Refusal::Closed | Refusal::Unknown => Self::of("closed"),
            Refusal::Start(error) => error.into(),
            Refusal::Unavailable { retry_after, last } => {
                Self { retry_after: Some((retry_after.as_secs_f64() * 1000.0).ceil()), ..last.into() }
            }
        }
    }
}

impl From<WorkerError> for WorkerFailure {
    fn from(error: WorkerError) -> Self {
        match error {
            WorkerError::Spawn(errno) => Self { errno: Some(errno.unwrap_or(0)), ..Self::of("spawn") },
            WorkerError::Exited(end) => Self { end: Some(end.into()), ..Self::of("exited") },
            WorkerError::NotReady(_, end) => Self { end: Some(end.into()), ..Self::of("notReady") },
            WorkerError::Abandoned | WorkerError::Panicked => Self::of("internal"),
        }
    }
}

impl WorkerFailure {
    /// Without more to be said.
    pub fn of(kind: &'static str) -> Self {
        Self { kind, errno: None, end: None, retry_after: None }
    }
}

impl From<WorkerEnd> for WorkerExit {
    fn from(end: WorkerEnd) -> Self {
        Self {
            exit_code: end.exit.code,
            signal: end.exit.signal,
            ended: end.ended.map(ended_name),
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
