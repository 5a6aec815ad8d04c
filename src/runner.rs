//! One tracked call: start the tree, feed it, collect what it writes, and see to its end.

mod capture;
mod ending;
mod input;
mod lines;
mod long_running;
mod overflow;
mod stdout;

pub use capture::Lines;
pub use ending::OnStuck;
pub use input::{Backlog, Input, InputSender, Sent, corked, input};
pub use lines::{Line, Stream};
pub use long_running::LongRunning;
pub use stdout::{Listener, Stdout};

use crate::process::tree::{self, ExitStatus, Spec, Started};
use crate::registry::{EndReason, EndRequest, Entry, Label, Registry};
use capture::{Capture, OUTPUT_TIMEOUT};
use ending::{TreeEnd, terminate_tree};
use overflow::Overflow;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

/// How many reads' worth of lines may wait for their receiver before the child has to.
pub const READS_AHEAD: usize = 4;

/// What to run, and within which bounds.
#[derive(Debug, Clone)]
pub struct Call {
    /// What to start.
    pub spec: Spec,
    /// Who it runs for.
    pub label: Label,
    /// How long it may take; `None` when nobody said, [`Duration::MAX`] for ever.
    pub timeout: Option<Duration>,
    /// How many bytes each of its outputs may have; in a stream, each line.
    pub max_buffer: usize,
    /// The time between SIGTERM and SIGKILL, and how long an output may stay open after the root has exited.
    pub kill_grace: Duration,
    /// Receives the lines while they are written; without it, the outputs are kept.
    pub lines: Option<Lines>,
    /// Is told how the root exited as soon as it has, whatever is left of its tree.
    pub exit: Option<watch::Sender<Option<ExitStatus>>>,
    /// When to be over with a tree that does not end when it is killed.
    pub on_stuck: OnStuck,
}

/// What became of a call. All its processes have exited, but those that are told to be left.
#[derive(Debug)]
pub struct Outcome {
    /// The root's pid.
    pub pid: u32,
    /// How the root ended.
    pub exit_status: ExitStatus,
    /// Why it had to end, if it did not do so by itself.
    pub end_reason: Option<EndReason>,
    /// What it wrote, up to the bound; in a stream, nothing.
    pub stdout: Vec<u8>,
    /// The same for its errors; in a stream, their last part.
    pub stderr: Vec<u8>,
    /// From its start until its last process had exited.
    pub duration: Duration,
    /// The processes that are still there, of a call that is over without them.
    pub left: Option<Vec<u32>>,
}

/// How long it may take to find out what is left.
const LOOK_TIMEOUT: Duration = Duration::from_secs(1);

/// Runs a call until the last of its processes has exited. `on_start` is told its pid once it has started.
///
/// # Errors
/// The system's error when nothing could be started.
pub async fn run(
    registry: &Arc<Registry>,
    call: Call,
    input: Input,
    end: EndRequest,
    on_start: impl FnOnce(u32),
) -> io::Result<Outcome> {
    let Call { spec, label, timeout: limit, max_buffer, kill_grace, lines, exit: notify_exit, on_stuck } = call;
    let registration = registry.register(Entry::new(spec.number, label, limit, end.clone()));
    let Started { mut root, stdin, stdout, stderr } = tree::start(&spec).await?;
    registration.set_started(root.pid(), root.topmost_pid());
    on_start(root.pid());
    let feeding = input.feed(stdin);
    let mut capture = Capture::start(stdout, stderr, max_buffer, lines);
    let interrupted = interrupted(&end, limit, capture.overflow());
    tokio::pin!(interrupted);

    let mut end_reason = tokio::select! {
        _ = root.wait_root() => None,
        reason = &mut interrupted => Some(reason),
    };
    let notify_exit = |exit_status| {
        if let Some(receiver) = &notify_exit {
            receiver.send_replace(Some(exit_status));
        }
    };
    let mut is_complete = false;
    if end_reason.is_none() {
        notify_exit(root.wait_root().await);
        // What it wrote is still to be read, and what it started may want to finish.
        let rest = async { tokio::join!(timeout(kill_grace, capture.wait()), root.wait(kill_grace)) };
        tokio::select! {
            // Who was let go may keep the outputs open, and write to them, for ever.
            (read, has_exited) = rest => is_complete = has_exited && (spec.detached || read.is_ok()),
            reason = &mut interrupted => end_reason = Some(reason),
        }
    }
    if !is_complete {
        feeding.stop();
        if terminate_tree(&mut root, &end, kill_grace, on_stuck, || registration.set_stuck()).await == TreeEnd::Stuck {
            let left = timeout(LOOK_TIMEOUT, root.pids()).await.unwrap_or_default();
            let exit_status = timeout(Duration::ZERO, root.wait_root()).await.unwrap_or_default();
            let (stdout, stderr, _) = capture.into_outputs(OUTPUT_TIMEOUT).await;
            let (pid, duration) = (root.pid(), registration.age());
            let end = end.clone();
            tokio::spawn(async move {
                terminate_tree(&mut root, &end, kill_grace, OnStuck::Wait, || {}).await;
                let exit_status = root.wait_root().await;
                registration.set_exited(end_reason, exit_status, registration.age(), root.cpu_time());
            });
            return Ok(Outcome { pid, exit_status, end_reason, stdout, stderr, duration, left: Some(left) });
        }
    }
    let exit_status = root.wait_root().await;
    notify_exit(exit_status);
    let timeout = if is_complete { Duration::ZERO } else { OUTPUT_TIMEOUT };
    let (stdout, stderr, overflowed) = capture.into_outputs(timeout).await;
    let end_reason = end_reason.or(overflowed.then_some(EndReason::MaxBuffer));
    let duration = registration.age();
    registration.set_exited(end_reason, exit_status, duration, root.cpu_time());
    Ok(Outcome { pid: root.pid(), exit_status, end_reason, stdout, stderr, duration, left: None })
}

/// Waits for whatever ends a call before it ends by itself.
async fn interrupted(end: &EndRequest, limit: Option<Duration>, overflow: Arc<Overflow>) -> EndReason {
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    let time_is_up = async {
        match deadline {
            Some(deadline) => sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        reason = end.requested() => reason,
        () = overflow.wait() => EndReason::MaxBuffer,
        () = time_is_up => EndReason::Timeout,
    }
}
