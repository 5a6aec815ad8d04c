//! What a scan found and did.

use super::reason::Reason;
use super::verdict::{Decision, Scope, Verdict};
use std::time::{Duration, SystemTime};

/// One scan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Nothing was ended: `killed` says what would have been.
    pub dry_run: bool,
    /// How many processes were judged.
    pub scanned: usize,
    /// What was ended; a tree counts once.
    pub killed: Vec<Judged>,
    /// What was spared.
    pub skipped: Vec<Judged>,
    /// What could not be ended, or why nothing could be seen.
    pub errors: Vec<Failure>,
}

/// A process and the reason for what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Its pid.
    pub pid: u32,
    /// The file name of its executable.
    pub name: String,
    /// For how long it had run.
    pub age: Duration,
    /// Why it was ended or spared.
    pub reason: Reason,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The process that it is about: this one where none could be seen.
    pub pid: u32,
    /// What went wrong, in words.
    pub message: String,
}

/// What a scanner has done so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Scans, dry runs too.
    pub scans: u64,
    /// What was really ended.
    pub killed: u64,
    /// What went wrong.
    pub errors: u64,
    /// It scans again and again.
    pub is_running: bool,
    /// Between two scans.
    pub interval: Duration,
    /// What is older has been forgotten.
    pub max_age: Duration,
    /// How far it looks.
    pub scope: Scope,
    /// The latest scan.
    pub last_scan: Option<LastScan>,
}

/// A scan in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastScan {
    /// When it began.
    pub time: SystemTime,
    /// How long it took, with the ending of what it ended.
    pub duration: Duration,
    /// How many processes were judged.
    pub scanned: usize,
    /// How many were ended, or would have been in a dry run.
    pub killed: usize,
    /// How many were spared.
    pub skipped: usize,
    /// How much went wrong.
    pub errors: usize,
    /// Nothing was ended.
    pub dry_run: bool,
}

impl Judged {
    /// The process of a verdict.
    pub fn of(verdict: Verdict, reason: Reason) -> Self {
        Self { pid: verdict.pid, name: verdict.name, age: verdict.age, reason }
    }
}

impl Report {
    /// Notes the verdicts without carrying them out.
    pub fn pretend(&mut self, verdicts: Vec<Verdict>) {
        for (verdict, reason) in self.note_skipped(verdicts) {
            self.killed.push(Judged::of(verdict, reason));
        }
    }

    /// Whether some were spared only because they had just started. After a dry run nobody is in a hurry.
    pub fn is_unsettled(&self) -> bool {
        !self.dry_run && self.skipped.iter().any(|judged| judged.reason == Reason::Unsettled)
    }

    /// Notes who is spared and gives back who is not.
    pub fn note_skipped(&mut self, verdicts: Vec<Verdict>) -> Vec<(Verdict, Reason)> {
        self.scanned = verdicts.len();
        let mut condemned = Vec::new();
        for verdict in verdicts {
            match verdict.decision {
                Decision::Skip(reason) => self.skipped.push(Judged::of(verdict, reason)),
                Decision::Kill(reason) => condemned.push((verdict, reason)),
            }
        }
        condemned
    }
}

impl LastScan {
    /// Counts a report.
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
