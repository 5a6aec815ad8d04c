//! Carries verdicts out: trees through whoever runs them, all else by SIGTERM, a grace period and SIGKILL.

use super::Trees;
use super::reason::Reason;
use super::report::{Failure, Judged, Report};
use super::verdict::Verdict;
use crate::process::handle::{Handle, Signal, open_verified, wait_all};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// How long a process may take to vanish after SIGKILL; one that waits for a disk takes longer.
const AFTER_KILL: Duration = Duration::from_secs(2);

/// A tree has its own grace period; one that outlives this is waited for no longer, so that scans go on.
const TREE_LIMIT: Duration = Duration::from_mins(1);

type Condemned = (Verdict, Reason);

/// Ends whoever is to be ended and notes all in the report. A process that has gone by itself is in none of its lists.
pub async fn carry_out(verdicts: Vec<Verdict>, trees: &Arc<dyn Trees>, grace: Duration, report: &mut Report) {
    let (mut endings, mut held) = (Vec::new(), Vec::new());
    for condemned in report.note_skipped(verdicts) {
        if let Some(tree) = condemned.0.tree {
            let (trees, reason) = (Arc::clone(trees), condemned.1);
            let ending = async move { timeout(TREE_LIMIT, trees.end(tree, reason)).await };
            endings.push((tokio::spawn(ending), condemned));
        } else {
            match open_verified(condemned.0.pid, condemned.0.start) {
                Ok(Some(handle)) => held.push((handle, condemned)),
                Ok(None) => {}
                Err(error) => note(report, condemned, Err(error)),
            }
        }
    }
    let (wardens, others): (Vec<_>, Vec<_>) = held.into_iter().partition(|(_, (verdict, _))| verdict.is_warden);
    end_held(others, Signal::Terminate, trees.as_ref(), grace, report).await;
    // A warden of a dead server was stopped. It goes on now that nobody is left who stops it again, and ends what is left of
    // its tree, also what nothing else shows to be ours.
    end_held(wardens, Signal::Continue, trees.as_ref(), grace, report).await;
    for (ending, condemned) in endings {
        let outcome = match ending.await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(io::Error::new(io::ErrorKind::TimedOut, "its tree is still there")),
            Err(_) => Err(io::Error::other("its end failed unexpectedly")),
        };
        note(report, condemned, outcome);
    }
}

/// Sends the first signal, waits, and kills those that are left.
async fn end_held(
    held: Vec<(Handle, Condemned)>,
    first: Signal,
    trees: &dyn Trees,
    grace: Duration,
    report: &mut Report,
) {
    let (handles, condemned): (Vec<Handle>, Vec<Condemned>) = held.into_iter().unzip();
    let mut outcomes: Vec<io::Result<()>> = handles.iter().map(|handle| handle.signal(first)).collect();
    if !wait_all(&handles, grace).await {
        for (handle, outcome) in handles.iter().zip(&mut outcomes).filter(|(_, outcome)| outcome.is_ok()) {
            *outcome = handle.signal(Signal::Kill);
        }
        wait_all(&handles, AFTER_KILL).await;
    }
    for ((handle, victim), outcome) in handles.iter().zip(condemned).zip(outcomes) {
        let outcome = if handle.has_exited() { Ok(()) } else { outcome.and(Err(still_there())) };
        if outcome.is_ok() {
            trees.ended_other(victim.0.pid);
            // Others may be children that Node.js waits for.
            if matches!(victim.1, Reason::LeftOver | Reason::LeftByDeadRun) {
                handle.reap_adopted();
            }
        }
        note(report, victim, outcome);
    }
}

fn still_there() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "still there after SIGKILL")
}

fn note(report: &mut Report, (verdict, reason): Condemned, outcome: io::Result<()>) {
    match outcome {
        Ok(()) => report.killed.push(Judged::of(verdict, reason)),
        Err(error) => {
            let message = format!("Cannot end {}: {error}", verdict.name);
            report.errors.push(Failure { pid: verdict.pid, message });
        }
    }
}
