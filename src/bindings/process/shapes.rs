//! What crosses between JavaScript and the runner.

use crate::process::guarantee::{Guarantee, Lack, Mechanism};
use crate::process::tree::Spec;
use crate::registry::{EndReason, Entry, Label};
use crate::runner::{Call, Lines, OnStuck, Outcome};
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What to run; `lib/` has checked it.
#[napi(object, object_to_js = false)]
pub struct ProcessRequest {
    /// The command, a path or a name to look up on the environment's PATH.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// Its environment: `NAME=value` entries, each ended by a NUL.
    pub environment: String,
    /// Its deadline in ms, `Infinity` for none, undefined when nobody said.
    pub timeout: Option<f64>,
    /// Bytes of each output, or of each line.
    pub max_buffer: f64,
    /// Ms between SIGTERM and SIGKILL.
    pub kill_grace: f64,
    /// Who it runs for.
    pub server: Option<String>,
    /// What it runs for.
    pub tool: Option<String>,
    /// The part of the program that started it.
    pub owner: u32,
    /// What it leaves behind when it exits may stay.
    pub detached: bool,
    /// Whether it gets a warden, where there are any.
    pub guarded: bool,
    /// Lines as strings, invalid UTF-8 replaced; otherwise as buffers.
    pub text: bool,
    /// When the call is over whose tree was killed and is still there.
    #[napi(ts_type = "'wait' | 'reject'")]
    pub on_stuck: String,
}

/// What became of it.
#[napi(object, object_from_js = false)]
pub struct ProcessOutcome {
    /// The system's error number when it could not be started; nothing else is set then.
    pub start_error: Option<i32>,
    /// The root's pid.
    pub pid: Option<u32>,
    /// Its exit code; Windows has some above 2^31.
    pub exit_code: Option<u32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// Why it had to end.
    #[napi(ts_type = "'timeout' | 'aborted' | 'maxBuffer' | 'cleanup' | 'shutdown'")]
    pub ended: Option<&'static str>,
    /// Its output.
    pub stdout: Buffer,
    /// Its errors.
    pub stderr: Buffer,
    /// Ms until its last process had exited.
    pub duration: f64,
    /// The processes that are still there, of a call that is over without them.
    pub left: Option<Vec<u32>>,
    /// What kept it from starting, where that was not the command.
    pub start_problem: Option<String>,
}

/// What holds trees together on this system.
#[napi(object, object_from_js = false)]
pub struct Guarantees {
    /// What ends the trees when the server does.
    #[napi(ts_type = "'warden' | 'job-object' | 'watcher' | 'process-group'")]
    pub mechanism: &'static str,
    /// Each tree is in a control group of its own besides.
    pub cgroup: bool,
    /// Whether that covers every end of the server.
    #[napi(ts_type = "'complete' | 'best-effort'")]
    pub level: &'static str,
    /// What this system does not have or allow, and that is missed.
    pub missing: Vec<Lacking>,
}

/// Something that is missed.
#[napi(object, object_from_js = false)]
pub struct Lacking {
    /// What.
    #[napi(ts_type = "'warden' | 'proc' | 'own_proc' | 'other_users' | 'pidfd'")]
    pub code: &'static str,
    /// The system's error number, where there was one.
    pub errno: Option<i32>,
}

/// A child that runs now.
#[napi(object, object_from_js = false)]
pub struct ActiveProcess {
    /// The root's pid.
    pub pid: u32,
    /// Who it runs for.
    pub server: Option<String>,
    /// What it runs for.
    pub tool: Option<String>,
    /// Epoch ms.
    pub start_time: f64,
    /// Ms.
    pub duration: f64,
    /// It was killed, and is still there.
    pub stuck: bool,
}

/// What a child does while it runs.
#[napi(object, object_from_js = false)]
pub struct ProcessEvent {
    /// It has started, with this pid.
    pub pid: Option<u32>,
    /// It wrote these to its standard output.
    pub lines: Vec<Either<String, Buffer>>,
    /// It wrote these to its standard error.
    pub error_lines: Vec<Either<String, Buffer>>,
}

impl ProcessRequest {
    /// The core's call, as the tree with this number.
    pub fn into_call(self, number: u64, lines: Option<Lines>) -> Call {
        let request = self;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^32")]
        let max_buffer = request.max_buffer as usize;
        Call {
            spec: Spec {
                command: request.command.into(),
                arguments: request.args.into_iter().map(OsString::from).collect(),
                directory: request.cwd.map(PathBuf::from),
                environment: variables(&request.environment),
                number,
                detached: request.detached,
                guarded: request.guarded,
            },
            label: Label { server: request.server, tool: request.tool, owner: request.owner, pooled: false },
            timeout: request.timeout.map(time),
            max_buffer,
            kill_grace: time(request.kill_grace),
            lines,
            exit: None,
            on_stuck: if request.on_stuck == "reject" { OnStuck::Reject } else { OnStuck::Wait },
        }
    }
}

/// An environment from `NAME=value` entries, each ended by a NUL.
pub fn variables(environment: &str) -> Vec<(OsString, OsString)> {
    let variable = |entry: &str| {
        // Windows has names that begin with "=".
        let (at, _) = entry.char_indices().skip(1).find(|(_, character)| *character == '=')?;
        Some((OsString::from(&entry[..at]), OsString::from(&entry[at + 1..])))
    };
    environment.split('\0').filter_map(variable).collect()
}

/// Why a process had to end, as JavaScript calls it.
pub fn ended_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Timeout => "timeout",
        EndReason::Aborted => "aborted",
        EndReason::MaxBuffer => "maxBuffer",
        EndReason::Cleanup => "cleanup",
        EndReason::Shutdown => "shutdown",
    }
}

impl From<io::Result<Outcome>> for ProcessOutcome {
    fn from(result: io::Result<Outcome>) -> Self {
        match result {
            Ok(outcome) => ProcessOutcome {
                start_error: None,
                pid: Some(outcome.pid),
                exit_code: outcome.exit_status.code.map(i32::cast_unsigned),
                signal: outcome.exit_status.signal,
                ended: outcome.end_reason.map(ended_name),
                stdout: outcome.stdout.into(),
                stderr: outcome.stderr.into(),
                duration: milliseconds(outcome.duration).floor(),
                left: outcome.left,
                start_problem: None,
            },
            Err(error) => ProcessOutcome {
                start_error: Some(error.raw_os_error().unwrap_or(0)),
                pid: None,
                exit_code: None,
                signal: None,
                ended: None,
                stdout: Vec::new().into(),
                stderr: Vec::new().into(),
                duration: 0.0,
                left: None,
                // The system's own errors are told by their numbers.
                start_problem: error.raw_os_error().is_none().then(|| error.to_string()),
            },
        }
    }
}

impl From<Guarantee> for Guarantees {
    fn from(Guarantee { mechanism, cgroup, complete, missing }: Guarantee) -> Self {
        let mechanism = match mechanism {
            Mechanism::Warden => "warden",
            Mechanism::JobObject => "job-object",
            Mechanism::Watcher => "watcher",
            Mechanism::ProcessGroup => "process-group",
        };
        let level = if complete { "complete" } else { "best-effort" };
        Self { mechanism, cgroup, level, missing: missing.into_iter().map(Lacking::from).collect() }
    }
}

impl From<Lack> for Lacking {
    fn from(lack: Lack) -> Self {
        let (code, errno) = match lack {
            Lack::Warden(errno) => ("warden", errno),
            Lack::Proc => ("proc", None),
            Lack::OwnProc => ("own_proc", None),
            Lack::OtherUsers => ("other_users", None),
            Lack::Pidfd => ("pidfd", None),
        };
        Self { code, errno }
    }
}

impl ActiveProcess {
    /// A tree that has started.
    pub fn of(entry: Entry) -> Option<Self> {
        Some(Self {
            pid: entry.pid?,
            duration: milliseconds(entry.age()).floor(),
            start_time: epoch(entry.started.0),
            server: entry.label.server,
            tool: entry.label.tool,
            stuck: entry.stuck,
        })
    }
}

/// Whole ms since 1970.
pub fn epoch(time: SystemTime) -> f64 {
    milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default()).floor()
}

pub fn time(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
