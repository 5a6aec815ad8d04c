//! Runs one tracked call: starts the tree, feeds it, captures its outputs, and waits for its exit.

mod capture;
#[cfg(target_os = "linux")]
mod child;
mod ending;
mod input;
mod lines;
mod long_running;
mod overflow;
mod root_signals;
mod stdout;

pub use capture::{Lines, Outlet, Outlets, Taken, Untakable};
#[cfg(target_os = "linux")]
pub use child::Child;
pub use ending::OnStuck;
pub use input::{Backlog, Input, InputSender, Sent, corked, input};
pub use lines::{Line, Stream};
pub use long_running::LongRunning;
pub use root_signals::RootSignals;
pub use stdout::{Listener, Stdout};

use crate::admission::Admission;
use crate::process::tree::{self, ExitStatus, Outputs, Spec, Started};
use crate::registry::{EndReason, EndRequest, Entry, Label, Registry};
use capture::{Capture, Captured, OUTPUT_TIMEOUT};
use ending::{TreeEnd, terminate_tree};
use overflow::Overflow;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// The number of reads that may be pending with their lines before the child has to wait.
pub const READS_AHEAD: usize = 4;

/// The command to run, and its limits.
#[derive(Debug, Clone)]
pub struct Call {
    /// The command.
    pub spec: Spec,
    /// The owner.
    pub label: Label,
    /// The timeout: `None` if the caller gave none, [`Duration::MAX`] for no limit.
    pub timeout: Option<Duration>,
    /// The most bytes of each output, or of each line if lines are passed on.
    pub max_buffer: usize,
    /// The time between SIGTERM and SIGKILL, and how long an output may stay open after the root has exited.
    pub kill_grace: Duration,
    /// Receives the lines as they are written. `None` to keep the outputs instead.
    pub lines: Option<Lines>,
    /// Keeps both outputs as one, too, if they are kept.
    pub merge: bool,
    /// Receives the root's exit status as soon as the root has exited, while its tree may still run.
    pub exit: Option<watch::Sender<Option<ExitStatus>>>,
    /// Sends signals of the caller to the root.
    pub signals: Option<Arc<RootSignals>>,
    /// The behaviour if the tree does not exit when it is killed.
    pub on_stuck: OnStuck,
}

/// The result of a call. Every process has exited, except those in `left`.
#[derive(Debug)]
pub struct Outcome {
    /// The root's pid. `None` if the call ended before its start, while it waited for its admission.
    pub pid: Option<u32>,
    /// The root's exit status.
    pub exit_status: ExitStatus,
    /// The reason that the tree was ended early, if it was.
    pub end_reason: Option<EndReason>,
    /// The standard output up to the limit. Empty if lines are passed on.
    pub stdout: Vec<u8>,
    /// The standard error up to the limit. Its last part if lines are passed on.
    pub stderr: Vec<u8>,
    /// Both outputs in the order of their reading, if they were merged.
    pub all: Option<Vec<u8>>,
    /// The time from the start until every process had exited.
    pub duration: Duration,
    /// The stuck processes that still run, if the call did not wait for them.
    pub left: Option<Vec<u32>>,
}

impl Outcome {
    /// Makes the result of a call that ended while it waited for its admission.
    fn before_start(reason: EndReason, duration: Duration) -> Self {
        Self {
            pid: None,
            exit_status: ExitStatus::default(),
            end_reason: Some(reason),
            stdout: Vec::new(),
            stderr: Vec::new(),
            all: None,
            duration,
            left: None,
        }
    }
}

/// The time for listing the processes of a stuck tree.
const LOOK_TIMEOUT: Duration = Duration::from_secs(1);

impl Call {
    /// Returns the name under which the gate learns what such a process needs.
    pub fn server(&self) -> String {
        self.label.server.clone().unwrap_or_else(|| self.spec.command.to_string_lossy().into_owned())
    }
}

/// Runs a call as [`run_admitted`], once the registry's gate admits it. The wait is part of the timeout.
///
/// # Errors
/// The system's error when the command could not be started.
pub async fn run(
    registry: &Arc<Registry>,
    mut call: Call,
    input: Input,
    end: EndRequest,
    on_start: impl FnOnce(u32),
) -> io::Result<Outcome> {
    let tree = call.spec.number;
    if !registry.gate.is_on() {
        return run_admitted(registry, call, Admission::free(tree), input, end, on_start).await;
    }
    let (begin, server) = (Instant::now(), call.server());
    let admission = tokio::select! {
        biased;
        admission = registry.gate.admit(&server, tree) => admission,
        reason = ended_early(&end, call.timeout) => return Ok(Outcome::before_start(reason, begin.elapsed())),
    };
    if call.timeout != Some(Duration::MAX) {
        call.timeout = call.timeout.map(|timeout| timeout.saturating_sub(begin.elapsed()));
    }
    run_admitted(registry, call, admission, input, end, on_start).await
}

/// Runs a call until every process of its tree has exited. `on_start` gets the root's pid after the start.
///
/// # Errors
/// The system's error when the command could not be started.
pub async fn run_admitted(
    registry: &Arc<Registry>,
    call: Call,
    admission: Admission,
    input: Input,
    end: EndRequest,
    on_start: impl FnOnce(u32),
) -> io::Result<Outcome> {
    let Call {
        mut spec,
        label,
        timeout: limit,
        max_buffer,
        kill_grace,
        lines,
        merge,
        exit: notify_exit,
        signals,
        on_stuck,
    } = call;
    spec.killed_first = admission.is_counted();
    let registration = registry.register(Entry::new(spec.number, label, limit, end.clone())).admitted(admission);
    #[cfg(unix)]
    if let Some(Lines::Together(_, outlets)) = &lines {
        spec.outputs = outlets.start()?;
    }
    let Started { mut root, stdin, stdout, stderr } = tree::start(&spec).await?;
    // The outputs end only when no process has the command's ends of them.
    spec.outputs = Outputs::default();
    registration.set_started(root.pid(), root.topmost_pid());
    if let Some(signals) = &signals {
        signals.open(&root);
    }
    on_start(root.pid());
    let feeding = input.feed(stdin);
    let mut capture = Capture::start(stdout, stderr, max_buffer, lines, merge);
    let interrupted = interrupted(&end, limit, capture.overflow());
    tokio::pin!(interrupted);

    let mut end_reason = tokio::select! {
        _ = root.wait_root() => None,
        reason = &mut interrupted => Some(reason),
    };
    capture.open_waiting();
    let notify_exit = |exit_status| {
        if let Some(signals) = &signals {
            signals.close();
        }
        if let Some(receiver) = &notify_exit {
            receiver.send_replace(Some(exit_status));
        }
    };
    let mut is_complete = false;
    if end_reason.is_none() {
        notify_exit(root.wait_root().await);
        // The outputs still have to be read, and the rest of the tree may want to finish.
        let rest = async { tokio::join!(timeout(kill_grace, capture.wait()), root.wait(kill_grace)) };
        tokio::select! {
            // A detached process may keep the outputs open and write to them without end.
            (read, has_exited) = rest => is_complete = has_exited && (spec.detached || read.is_ok()),
            reason = &mut interrupted => end_reason = Some(reason),
        }
    }
    if !is_complete {
        feeding.stop();
        if terminate_tree(&mut root, &end, kill_grace, on_stuck, || registration.set_stuck()).await == TreeEnd::Stuck {
            let left = timeout(LOOK_TIMEOUT, root.pids()).await.unwrap_or_default();
            let exit_status = timeout(Duration::ZERO, root.wait_root()).await.unwrap_or_default();
            let Captured { stdout, stderr, all, .. } = capture.into_outputs(OUTPUT_TIMEOUT).await;
            let (pid, duration) = (Some(root.pid()), registration.age());
            let end = end.clone();
            tokio::spawn(async move {
                terminate_tree(&mut root, &end, kill_grace, OnStuck::Wait, || {}).await;
                let exit_status = root.wait_root().await;
                registration.set_exited(end_reason, exit_status, registration.age(), root.cpu_time());
            });
            return Ok(Outcome { pid, exit_status, end_reason, stdout, stderr, all, duration, left: Some(left) });
        }
    }
    let exit_status = root.wait_root().await;
    notify_exit(exit_status);
    let timeout = if is_complete { Duration::ZERO } else { OUTPUT_TIMEOUT };
    let Captured { stdout, stderr, all, overflowed } = capture.into_outputs(timeout).await;
    let end_reason = end_reason.or(overflowed.then_some(EndReason::MaxBuffer));
    let duration = registration.age();
    registration.set_exited(end_reason, exit_status, duration, root.cpu_time());
    Ok(Outcome { pid: Some(root.pid()), exit_status, end_reason, stdout, stderr, all, duration, left: None })
}

/// Waits for an event that ends the call early.
async fn interrupted(end: &EndRequest, limit: Option<Duration>, overflow: Arc<Overflow>) -> EndReason {
    tokio::select! {
        reason = ended_early(end, limit) => reason,
        () = overflow.wait() => EndReason::MaxBuffer,
    }
}

/// Waits for a request to end the call, or for its timeout.
async fn ended_early(end: &EndRequest, limit: Option<Duration>) -> EndReason {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let time_is_up = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        reason = end.requested() => reason,
        () = time_is_up => EndReason::Timeout,
    }
}
