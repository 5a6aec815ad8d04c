//! Executes verdicts: a tree is terminated by its owner, any other process by SIGTERM, a grace period and SIGKILL.

use super::reason::Reason;
use super::report::{Failure, Judged, Report};
use super::trees::Trees;
use super::verdict::Verdict;
use crate::process::handle::{Handle, Signal, open_verified, wait_all};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// The time in which a process has to exit after SIGKILL. A process that waits for a disk takes longer.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// The time in which a tree has to exit. A tree has its own grace period; a longer wait would hold up further scans.
const TREE_TIMEOUT: Duration = Duration::from_mins(1);

type Victim = (Verdict, Reason);

/// Ends every process with a [`Decision::Kill`](super::verdict::Decision::Kill) and notes all verdicts in the report. A
/// process that exited by itself is in none of the report's lists.
pub async fn execute(verdicts: Vec<Verdict>, trees: &Arc<dyn Trees>, grace: Duration, report: &mut Report) {
    let (mut terminations, mut held) = (Vec::new(), Vec::new());
    for victim in report.note_skipped(verdicts) {
        if let Some(tree) = victim.0.tree {
            let (trees, reason) = (Arc::clone(trees), victim.1);
            let termination = async move { timeout(TREE_TIMEOUT, trees.terminate(tree, reason)).await };
            terminations.push((tokio::spawn(termination), victim));
        } else {
            match open_verified(victim.0.pid, victim.0.start) {
                Ok(Some(handle)) => held.push((handle, victim)),
                Ok(None) => {}
                Err(error) => note(report, victim, Err(error)),
            }
        }
    }
    let (wardens, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|(_, (verdict, _))| verdict.is_warden);
    terminate_held(others, Signal::Terminate, trees.as_ref(), grace, report).await;
    // A warden of a dead server is still here because it was stopped. The processes that could stop the warden again have
    // exited, so it can go on now: it ends the rest of its tree, including processes that nothing else shows to be ours.
    terminate_held(wardens, Signal::Continue, trees.as_ref(), grace, report).await;
    for (termination, victim) in terminations {
        let result = match termination.await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::TimedOut, "its tree is still there")),
            Err(_) => Err(io::Error::other("its end failed unexpectedly")),
        };
        note(report, victim, result);
    }
}

/// Ends the held processes as [`end_held`] does, and notes the results.
async fn terminate_held(
    held: Vec<(Handle, Victim)>,
    first: Signal,
    trees: &dyn Trees,
    grace: Duration,
    report: &mut Report,
) {
    let (handles, victims): (Vec<Handle>, Vec<Victim>) = held.into_iter().unzip();
    let results = end_held(&handles, first, grace).await;
    for ((handle, victim), result) in handles.iter().zip(victims).zip(results) {
        if result.is_ok() {
            trees.note_killed(victim.0.pid);
            // A process with another reason may be a child that Node.js waits for.
            if matches!(victim.1, Reason::LeftOver | Reason::LeftByDeadRun) {
                handle.reap_adopted();
            }
        }
        note(report, victim, result);
    }
}

/// Sends the first signal, waits for the grace period, and kills the processes that have not exited. Returns the result
/// for each.
pub(super) async fn end_held(handles: &[Handle], first: Signal, grace: Duration) -> Vec<io::Result<()>> {
    let mut results: Vec<io::Result<()>> = handles.iter().map(|handle| handle.signal(first)).collect();
    if !wait_all(handles, grace).await {
        for (handle, result) in handles.iter().zip(&mut results).filter(|(_, result)| result.is_ok()) {
            *result = handle.signal(Signal::Kill);
        }
        wait_all(handles, AFTER_KILL).await;
    }
    let outcome = |(handle, result): (&Handle, io::Result<()>)| {
        if handle.has_exited() { Ok(()) } else { result.and(Err(still_there())) }
    };
    handles.iter().zip(results).map(outcome).collect()
}

fn still_there() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "still there after SIGKILL")
}

fn note(report: &mut Report, (verdict, reason): Victim, result: io::Result<()>) {
    match result {
        Ok(()) => report.killed.push(Judged::of(verdict, reason)),
        Err(error) => {
            let message = format!("Cannot end {}: {error}", verdict.name);
            report.errors.push(Failure { pid: verdict.pid, message });
        }
    }
}
