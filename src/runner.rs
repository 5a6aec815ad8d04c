//! One tracked call: start the tree, feed it, collect what it writes, and see to its end.

mod capture;
mod input;
mod lines;

pub use input::{Input, InputSender, input};
pub use lines::{Line, Stream};

use crate::process::tree::{self, Exit, Spec, Started};
use crate::registry::{EndReason, EndRequest, Entry, Label, Registration, Registry};
use capture::{Capture, Overflow};
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// What to run, and within which bounds.
#[derive(Debug)]
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
    pub lines: Option<mpsc::Sender<Line>>,
}

/// What became of a call. All its processes have exited.
#[derive(Debug)]
pub struct Outcome {
    /// The root's pid.
    pub pid: u32,
    /// How the root ended.
    pub exit: Exit,
    /// Why it had to end, if it did not do so by itself.
    pub ended: Option<EndReason>,
    /// What it wrote, up to the bound; in a stream, nothing.
    pub stdout: Vec<u8>,
    /// The same for its errors; in a stream, their last part.
    pub stderr: Vec<u8>,
    /// From its start until its last process had exited.
    pub duration: Duration,
}

/// Runs a call until the last of its processes has exited. `on_start` sees it once it is listed.
///
/// # Errors
/// The system's error when nothing could be started.
pub async fn run(
    registry: &Arc<Registry>,
    call: Call,
    input: Input,
    end: EndRequest,
    on_start: impl FnOnce(&Registration),
) -> io::Result<Outcome> {
    let Call { spec, label, timeout: limit, max_buffer, kill_grace, lines } = call;
    let started = (SystemTime::now(), std::time::Instant::now());
    let Started { mut root, stdin, stdout, stderr } = tree::start(&spec)?;
    let entry = Entry { tree: spec.number, pid: root.pid(), label, started, timeout: limit, end: end.clone() };
    let registration = registry.register(entry);
    on_start(&registration);
    let feeding = input.feed(stdin);
    let mut capture = Capture::start(stdout, stderr, max_buffer, lines);
    let interrupted = interrupted(&end, limit, capture.overflow());
    tokio::pin!(interrupted);

    let mut ended = tokio::select! {
        () = root.exited() => None,
        reason = &mut interrupted => Some(reason),
    };
    let exit = if ended.is_some() {
        feeding.stop();
        root.end(end.grace().unwrap_or(kill_grace)).await;
        root.reap().await
    } else {
        let exit = root.reap().await;
        tokio::select! {
            _ = timeout(kill_grace, capture.finished()) => {}
            reason = &mut interrupted => ended = Some(reason),
        }
        if root.left_something() || !capture.is_finished() {
            root.end(kill_grace).await;
        }
        exit
    };
    let (stdout, stderr, overflowed) = capture.into_outputs().await;
    let ended = ended.or(overflowed.then_some(EndReason::MaxBuffer));
    Ok(Outcome { pid: root.pid(), exit, ended, stdout, stderr, duration: registration.entry.age() })
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
        reason = end.made() => reason,
        () = overflow.happened() => EndReason::MaxBuffer,
        () = time_is_up => EndReason::Timeout,
    }
}
