//! The results of scans.

use super::reason::Reason;
use super::verdict::{Decision, Origin, Scope, Verdict};
use std::time::{Duration, SystemTime};

/// One scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// True if nothing was ended: `killed` then lists the processes that would have been.
    pub dry_run: bool,
    /// The count of judged processes.
    pub scanned: usize,
    /// The ended processes; a tree counts once.
    pub killed: Vec<Judged>,
    /// The spared processes.
    pub skipped: Vec<Judged>,
    /// The processes that could not be ended, or the reason why none could be read.
    pub errors: Vec<Failure>,
}

/// A process, and the reason for its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its pid.
    pub pid: u32,
    /// The file name of its executable.
    pub name: String,
    /// The time since its start.
    pub age: Duration,
    /// The reason for ending or sparing it.
    pub reason: Reason,
    /// The place of the process among the others.
    pub origin: Origin,
}

/// A problem of a scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The process that could not be ended, or this server where no process could be read.
    pub pid: u32,
    /// The problem in words.
    pub message: String,
}

/// The counts and settings of a scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// The count of scans, dry runs included.
    pub scans: u64,
    /// The count of ended processes, dry runs excluded.
    pub killed: u64,
    /// The count of problems.
    pub errors: u64,
    /// True while the scanner scans after each interval.
    pub is_running: bool,
    /// The time between two scans.
    pub interval: Duration,
    /// The age above which nothing is expected to end a process.
    pub max_age: Duration,
    /// The processes that it judges.
    pub scope: Scope,
    /// The latest scan.
    pub last_scan: Option<LastScan>,
}

/// A scan in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScan {
    /// The start of the scan.
    pub time: SystemTime,
    /// The duration, which includes the ending of processes.
    pub duration: Duration,
    /// The count of judged processes.
    pub scanned: usize,
    /// The count of ended processes, or in a dry run of those that would have been.
    pub killed: usize,
    /// The count of spared processes.
    pub skipped: usize,
    /// The count of problems.
    pub errors: usize,
    /// True if nothing was ended.
    pub dry_run: bool,
}

impl Judged {
    /// Converts a verdict.
    pub fn of(verdict: Verdict, reason: Reason) -> Self {
        Self { pid: verdict.pid, name: verdict.name, age: verdict.age, reason, origin: verdict.origin }
    }
}

impl Report {
    /// Notes the verdicts without executing them.
    pub fn pretend(&mut self, verdicts: Vec<Verdict>) {
        for (verdict, reason) in self.note_skipped(verdicts) {
            self.killed.push(Judged::of(verdict, reason));
        }
    }

    /// Tells whether to scan again soon, because a process was spared only for having just started. Not after a dry run.
    pub fn is_unsettled(&self) -> bool {
        !self.dry_run && self.skipped.iter().any(|judged| judged.reason == Reason::Unsettled)
    }

    /// Notes the spared processes and returns the others.
    pub fn note_skipped(&mut self, verdicts: Vec<Verdict>) -> Vec<(Verdict, Reason)> {
        self.scanned = verdicts.len();
        let mut victims = Vec::new();
        for verdict in verdicts {
            match verdict.decision {
                Decision::Skip(reason) => self.skipped.push(Judged::of(verdict, reason)),
                Decision::Kill(reason) => victims.push((verdict, reason)),
            }
        }
        victims
    }
}

impl LastScan {
    /// Counts the entries of a report.
    pub fn of(report: &Report, time: SystemTime, duration: Duration) -> Self {
        Self {
            time,
            duration,
            scanned: report.scanned,
            killed: report.killed.len(),
            skipped: report.skipped.len(),
            errors: report.errors.len(),
            dry_run: report.dry_run,
        }
    }
}
