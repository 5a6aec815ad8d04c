//! The objects that cross between JavaScript and the runner.

use crate::bindings::enums::mirrored;
use crate::bindings::text::Text;
use crate::bindings::time::{duration, whole_milliseconds};
use crate::blocking::blocking_or_here;
use crate::process::guarantee::{Guarantee, Lack, Mechanism};
use crate::process::tree::{Choices, Outputs, Spec, Stream, Unopened};
use crate::registry::{self, Entry, Label};
use crate::runner::{self, Call, Lines, Outcome};
use napi::bindgen_prelude::{Buffer, Either, Null};
use napi_derive::napi;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// A command, checked by `lib/`.
#[napi(object, object_to_js = false)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct ProcessRequest {
    /// The command, a path or a name to look up on the environment's PATH.
    pub command: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Windows: the arguments are parts of a command line, not to be quoted.
    pub verbatim: Option<bool>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// The name that it sees as its own, if not the command.
    pub argv0: Option<String>,
    /// The number of the first signal of a termination, if not SIGTERM.
    pub kill_signal: Option<i32>,
    /// Its standard streams, in the order of their descriptors, if not all are pipes.
    pub streams: Option<Vec<StreamChoice>>,
    /// Its environment: `NAME=value` entries, each ended by a NUL.
    pub environment: String,
    /// Its timeout in ms: `Infinity` for none, undefined where the caller gave none.
    pub timeout: Option<f64>,
    /// Bytes of each output, or of each line.
    pub max_buffer: f64,
    /// Ms between SIGTERM and SIGKILL.
    pub kill_grace: f64,
    /// The MCP server, or what the caller calls it.
    pub server: Option<String>,
    /// The tool, likewise.
    pub tool: Option<String>,
    /// The part of the program that started it.
    pub owner: u32,
    /// Lets its descendants live on after its exit.
    pub detached: bool,
    /// Starts it below a warden, where there are wardens.
    pub guarded: bool,
    /// Lines and outputs as strings, invalid UTF-8 replaced; otherwise as buffers.
    pub text: bool,
    /// Merges both outputs too.
    pub all: bool,
    /// The end of the call if its tree was killed and is still there.
    pub on_stuck: OnStuck,
}

/// The choice for one standard stream: a pipe if nothing is set.
#[napi(object, object_to_js = false)]
pub struct StreamChoice {
    /// It is nothing.
    pub ignored: Option<bool>,
    /// It is a copy of this descriptor, on Windows of a standard stream.
    pub descriptor: Option<i32>,
    /// It is the file at this path.
    pub path: Option<String>,
    /// It appends to the file.
    pub append: Option<bool>,
}

mirrored! {
    #[doc = " The end of a call whose tree was killed and is still there: `wait` for the tree, or `reject`."]
    #[napi(string_enum = "lowercase")]
    pub enum OnStuck => runner::OnStuck {
        Wait,
        Reject,
    }
}

mirrored! {
    #[doc = " The reason for which procward ended a tree: the same word as in the metrics."]
    #[napi(string_enum = "snake_case")]
    pub enum EndReason <= registry::EndReason {
        Timeout,
        Aborted,
        MaxBuffer,
        Cleanup,
        Shutdown,
    }
}

/// The reason for which JavaScript ends a tree.
#[napi(string_enum = "snake_case")]
pub enum TerminateReason {
    /// Its caller gave up.
    Aborted,
    /// Its owner is shutting down.
    Shutdown,
}

mirrored! {
    #[doc = " An output of a command."]
    #[napi(string_enum = "lowercase")]
    pub enum Output => runner::Stream {
        Stdout,
        Stderr,
    }
}

/// The reason that an output cannot be taken as a stream.
#[napi(string_enum = "lowercase")]
pub enum OutputRefusal {
    /// It is read as lines.
    Lines,
    /// More of it was read than is kept.
    Cut,
    /// The system gave no pipe.
    Pipe,
}

/// An output that was taken as a stream. It is read in chunks if nothing else is set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct TakenOutput {
    /// The reason that it was not taken.
    pub refusal: Option<OutputRefusal>,
    /// The system's error number, where it gave no pipe.
    pub errno: Option<i32>,
}

/// The outcome of a command.
#[napi(object, object_from_js = false)]
pub struct ProcessOutcome {
    /// The system's error number of a command that could not be started, or 0; only `start_problem` may be set besides.
    pub start_error: Option<i32>,
    /// The root's pid.
    pub pid: Option<u32>,
    /// Its exit code; Windows has some above 2^31.
    pub exit_code: Option<u32>,
    /// The number of the signal that ended it.
    pub signal: Option<i32>,
    /// The reason for which procward ended it.
    pub ended: Option<EndReason>,
    /// Its output: a string if it is text and can be made without delay.
    #[napi(ts_type = "string | Buffer")]
    pub stdout: Text,
    /// Its errors, likewise.
    #[napi(ts_type = "string | Buffer")]
    pub stderr: Text,
    /// Both in the order of their reading, if they were to be merged.
    #[napi(ts_type = "string | Buffer")]
    pub all: Option<Text>,
    /// Ms until its last process had exited.
    pub duration: f64,
    /// The processes that are still there after the end of the call.
    pub left: Option<Vec<u32>>,
    /// The problem that kept it from starting, unless that was the command itself.
    pub start_problem: Option<String>,
}

/// The guarantees for process trees on this system.
#[napi(object, object_from_js = false)]
pub struct Guarantees {
    /// The mechanism that ends the trees when the server does.
    pub mechanism: GuaranteeMechanism,
    /// True if each tree has a control group, too.
    pub cgroup: bool,
    /// The extent to which that covers every end of the server.
    pub level: GuaranteeLevel,
    /// The needed things that this system does not have or allow.
    pub missing: Vec<Lacking>,
}

mirrored! {
    #[doc = " The mechanism that ends the trees when the server does."]
    #[napi(string_enum = "kebab-case")]
    pub enum GuaranteeMechanism <= Mechanism {
        Warden,
        JobObject,
        Watcher,
        ProcessGroup,
    }
}

/// The extent to which every end of the server is covered.
#[napi(string_enum = "kebab-case")]
pub enum GuaranteeLevel {
    /// Every end is.
    Complete,
    /// Some ends are not.
    BestEffort,
}

/// The code of a needed thing that this system does not have or allow.
#[napi(string_enum = "snake_case")]
pub enum LackingCode {
    /// A warden.
    Warden,
    /// `/proc`.
    Proc,
    /// The `/proc` of this PID namespace.
    OwnProc,
    /// A view of other users' processes.
    OtherUsers,
    /// Handles of processes.
    Pidfd,
}

/// A needed thing that this system does not have or allow.
#[napi(object, object_from_js = false)]
pub struct Lacking {
    /// Its code.
    pub code: LackingCode,
    /// The system's error number, where there was one.
    pub errno: Option<i32>,
}

/// A process that runs now, or a call in a session. This is the only declaration of the shape.
#[napi(object, object_from_js = false)]
pub struct ActiveProcess {
    /// The root's pid. `null` for a call of a server that is reached over HTTP, which is no process here, and for a call that
    /// waits.
    #[napi(ts_type = "number | null")]
    pub pid: u32,
    /// The MCP server, or what the caller calls it.
    pub server: Either<String, Null>,
    /// The tool, likewise.
    pub tool: Either<String, Null>,
    /// Epoch ms.
    pub start_time: f64,
    /// Ms since then.
    pub duration: f64,
    /// The process was killed, and is still there: frozen, or stuck in the kernel. Left out of all others.
    #[napi(ts_type = "true")]
    pub stuck: Option<bool>,
    /// The reason why a call has no process yet: `'start'`, the start of its server; `'memory'` or `'cpu'`, a start that waits
    /// for the machine; `'session'`, a session that other calls use, or room for one more. Left out of a call that was sent.
    #[napi(ts_type = "'start' | 'memory' | 'cpu' | 'session'")]
    pub waits_for: Option<String>,
}

/// An event of a running child.
#[napi(object, object_from_js = false)]
pub struct ProcessEvent {
    /// The pid of a child that has just started.
    pub pid: Option<u32>,
    /// Lines of its standard output.
    pub lines: Vec<Either<String, Buffer>>,
    /// Lines of its standard error.
    pub error_lines: Vec<Either<String, Buffer>>,
}

impl ProcessRequest {
    fn choices(&mut self) -> Choices {
        let mut chosen = self.streams.take().unwrap_or_default().into_iter().map(Stream::from);
        let streams = std::array::from_fn(|_| chosen.next().unwrap_or_default());
        Choices { name: self.argv0.take().map(OsString::from), streams, first_signal: self.kill_signal }
    }

    /// Converts to the core's call, as the tree with this number.
    pub fn into_call(self, number: u64, lines: Option<Lines>) -> Call {
        let mut request = self;
        let choices = request.choices();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^32")]
        let max_buffer = request.max_buffer as usize;
        Call {
            spec: Spec {
                command: request.command.into(),
                arguments: request.args.into_iter().map(OsString::from).collect(),
                directory: request.cwd.map(PathBuf::from),
                choices,
                environment: variables(&request.environment),
                number,
                detached: request.detached,
                guarded: request.guarded,
                killed_first: false,
                verbatim: request.verbatim.unwrap_or_default(),
                outputs: Outputs::default(),
            },
            label: Label { server: request.server, tool: request.tool, owner: request.owner, pooled: false },
            timeout: request.timeout.map(duration),
            max_buffer,
            kill_grace: duration(request.kill_grace),
            lines,
            merge: request.all,
            exit: None,
            signals: None,
            on_stuck: request.on_stuck.into(),
        }
    }
}

/// Parses an environment from `NAME=value` entries, each ended by a NUL.
pub fn variables(environment: &str) -> Vec<(OsString, OsString)> {
    let variable = |entry: &str| {
        // Windows has names that begin with "=". A name that Node.js gives to a child may be empty.
        let at = entry.char_indices().skip(1).find(|(_, one)| *one == '=').map(|(at, _)| at);
        let at = at.or_else(|| entry.starts_with('=').then_some(0))?;
        Some((OsString::from(&entry[..at]), OsString::from(&entry[at + 1..])))
    };
    environment.split('\0').filter_map(variable).collect()
}

impl From<StreamChoice> for Stream {
    fn from(StreamChoice { ignored, descriptor, path, append }: StreamChoice) -> Self {
        match (descriptor, path) {
            (Some(number), _) => Self::of_descriptor(number),
            (None, Some(path)) => Self::File { path: path.into(), append: append.unwrap_or_default() },
            (None, None) if ignored.unwrap_or_default() => Self::Null,
            (None, None) => Self::Pipe,
        }
    }
}

impl TakenOutput {
    /// An output that was not taken.
    pub fn refused(refusal: OutputRefusal) -> Self {
        Self { refusal: Some(refusal), ..Self::default() }
    }

    /// An output for which the system gave no pipe.
    pub fn no_pipe(error: &io::Error) -> Self {
        Self { errno: error.raw_os_error(), ..Self::refused(OutputRefusal::Pipe) }
    }
}

impl From<TerminateReason> for registry::EndReason {
    fn from(reason: TerminateReason) -> Self {
        match reason {
            TerminateReason::Aborted => Self::Aborted,
            TerminateReason::Shutdown => Self::Shutdown,
        }
    }
}

impl ProcessOutcome {
    /// Converts the result of a call. Decodes long texts on a thread that may block.
    pub async fn of(result: io::Result<Outcome>, text: bool) -> Self {
        let Outcome { pid, exit_status, end_reason, stdout, stderr, all, duration, left } = match result {
            Ok(outcome) => outcome,
            Err(error) => return Self::not_started(&error),
        };
        let is_long = text && [&stdout, &stderr].into_iter().chain(&all).any(|bytes| Text::is_long(bytes));
        let prepare = move || {
            let output = if text { Text::of_utf8 } else { Text::Bytes };
            (output(stdout), output(stderr), all.map(output))
        };
        let (stdout, stderr, all) = if is_long {
            let unavailable = |_| (Text::Bytes(Vec::new()), Text::Bytes(Vec::new()), None);
            blocking_or_here(prepare).await.unwrap_or_else(unavailable)
        } else {
            prepare()
        };
        Self {
            start_error: None,
            pid,
            exit_code: exit_status.code.map(i32::cast_unsigned),
            signal: exit_status.signal,
            ended: end_reason.map(EndReason::from),
            stdout,
            stderr,
            all,
            duration: whole_milliseconds(duration),
            left,
            start_problem: None,
        }
    }

    /// Makes the outcome of a call that could not start.
    pub fn not_started(error: &io::Error) -> Self {
        let unopened = || error.get_ref()?.downcast_ref::<Unopened>()?.error.raw_os_error();
        Self {
            start_error: Some(error.raw_os_error().or_else(unopened).unwrap_or(0)),
            pid: None,
            exit_code: None,
            signal: None,
            ended: None,
            stdout: Text::Bytes(Vec::new()),
            stderr: Text::Bytes(Vec::new()),
            all: None,
            duration: 0.0,
            left: None,
            // The system's own errors have a number.
            start_problem: error.raw_os_error().is_none().then(|| error.to_string()),
        }
    }
}

impl From<Guarantee> for Guarantees {
    fn from(Guarantee { mechanism, cgroup, complete, missing }: Guarantee) -> Self {
        let level = if complete { GuaranteeLevel::Complete } else { GuaranteeLevel::BestEffort };
        Self { mechanism: mechanism.into(), cgroup, level, missing: missing.into_iter().map(Lacking::from).collect() }
    }
}

impl From<Lack> for Lacking {
    fn from(lack: Lack) -> Self {
        let (code, errno) = match lack {
            Lack::Warden(errno) => (LackingCode::Warden, errno),
            Lack::Proc => (LackingCode::Proc, None),
            Lack::OwnProc => (LackingCode::OwnProc, None),
            Lack::OtherUsers => (LackingCode::OtherUsers, None),
            Lack::Pidfd => (LackingCode::Pidfd, None),
        };
        Self { code, errno }
    }
}

impl ActiveProcess {
    /// Converts the entry of a tree; `None` before the tree has started.
    pub fn of(entry: Entry) -> Option<Self> {
        Some(Self {
            pid: entry.pid?,
            duration: whole_milliseconds(entry.age()),
            start_time: epoch(entry.started.0),
            server: or_null(entry.label.server),
            tool: or_null(entry.label.tool),
            stuck: entry.stuck.then_some(true),
            waits_for: None,
        })
    }
}

fn or_null(name: Option<String>) -> Either<String, Null> {
    name.map_or(Either::B(Null), Either::A)
}

/// Converts to whole ms since 1970.
pub fn epoch(time: SystemTime) -> f64 {
    whole_milliseconds(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}
