//! The cleanup scanner.

use super::enums::mirrored;
use super::error::{Result, internal, system};
use super::process::shapes::epoch;
use super::time::{duration, whole_milliseconds};
use crate::process::table::User;
use crate::scanner::allow::Allow;
use crate::scanner::report::{Failure, Judged, LastScan, Report, Stats};
use crate::scanner::verdict::{Origin, Scope};
use crate::scanner::{Options, Scanner, tree};
use crate::supervisor::Supervisor;
use napi::Env;
use napi::bindgen_prelude::{Object, ToNapiValue};
use napi_derive::napi;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The options of a scanner, checked by `lib/`. Times are in ms.
#[napi(object, object_to_js = false)]
pub struct ScannerOptions {
    /// The time between two scans.
    pub interval: f64,
    /// The age above which nothing is expected to end a process.
    pub max_age: f64,
    /// The processes to judge.
    pub scope: CleanupScope,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace: f64,
    /// The processes that are always spared.
    pub allow: Vec<AllowEntry>,
}

mirrored! {
    #[doc = " The processes that a scanner judges."]
    #[napi(string_enum = "lowercase")]
    pub enum CleanupScope => Scope {
        Tracked,
        Tree,
        Machine,
    }
}

/// A process or processes to spare: one of `pid`, `executable` and `source` is set.
#[napi(object, object_to_js = false)]
pub struct AllowEntry {
    /// A pid.
    pub pid: Option<u32>,
    /// An executable's path or file name, or that of a link to it.
    pub executable: Option<String>,
    /// The folders in which a file name is looked for.
    pub folders: Option<Vec<String>>,
    /// A regular expression for the command line.
    pub source: Option<String>,
    /// Its flags.
    pub flags: Option<String>,
}

/// A process, and the reason for its fate.
#[napi(object, object_from_js = false)]
pub struct JudgedProcess {
    /// Its pid.
    pub pid: u32,
    /// The file name of its executable.
    pub name: String,
    /// Ms.
    pub age: f64,
    /// The stable code of the reason.
    #[napi(ts_type = "import('./index').ScanReason")]
    pub code: &'static str,
    /// The reason in words.
    pub reason: String,
    /// The parent's pid.
    pub parent: u32,
    /// The user's id, if known.
    pub user: Option<String>,
    /// The pid of the server that started the process, by its tag.
    pub owner: Option<u32>,
}

/// A problem of a scan.
#[napi(object, object_from_js = false)]
pub struct ScanError {
    /// The process that could not be ended.
    pub pid: u32,
    /// The problem in words.
    pub message: String,
}

/// One scan.
#[napi(object, object_from_js = false)]
pub struct ScanReport {
    /// The count of judged processes.
    pub scanned: u32,
    /// The ended processes.
    pub killed: Vec<JudgedProcess>,
    /// The spared processes.
    pub skipped: Vec<JudgedProcess>,
    /// The processes that could not be ended.
    pub errors: Vec<ScanError>,
}

/// An ended process.
#[napi(object, object_from_js = false)]
pub struct EndedProcess {
    /// Its pid.
    pub pid: u32,
    /// The file name of its executable.
    pub name: String,
}

/// The end of one tree.
#[napi(object, object_from_js = false)]
pub struct TreeEnd {
    /// The stable code of the reason why no process was ended.
    pub refusal: Option<&'static str>,
    /// The pid of the server that started the tree.
    pub owner: Option<u32>,
    /// The ended processes.
    pub ended: Vec<EndedProcess>,
    /// The processes that could not be ended.
    pub errors: Vec<ScanError>,
}

/// A scan in numbers.
#[napi(object, object_from_js = false)]
pub struct ScanSummary {
    /// Epoch ms.
    pub time: f64,
    /// Ms.
    pub duration: f64,
    /// The count of judged processes.
    pub scanned: u32,
    /// The count of ended processes.
    pub killed: u32,
    /// The count of spared processes.
    pub skipped: u32,
    /// The count of problems.
    pub errors: u32,
    /// True if nothing was ended.
    pub dry_run: bool,
}

/// The counts of a scanner.
#[napi(object, object_from_js = false)]
pub struct ScannerStats {
    /// True while the scanner scans after each interval.
    pub is_running: bool,
    /// Scans so far.
    pub scans: f64,
    /// Processes ended so far.
    pub killed: f64,
    /// Errors so far.
    pub errors: f64,
    /// The latest scan.
    pub last_scan: Option<ScanSummary>,
}

/// A scanner, which stops when it is collected.
#[napi]
pub struct NativeScanner(Arc<Scanner>);

#[napi]
impl NativeScanner {
    /// Creates a scanner that does not scan yet.
    #[napi(constructor)]
    pub fn new(options: ScannerOptions) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        Ok(Self(Arc::new(supervisor.scanner(options.try_into()?))))
    }

    /// Scans now and after each interval, with these options.
    #[napi]
    pub fn start(&self, options: ScannerOptions) -> Result<()> {
        self.0.start(options.try_into()?);
        Ok(())
    }

    /// Stops scanning.
    #[napi]
    pub fn stop(&self) {
        self.0.stop();
    }

    /// Scans once; a dry run ends nothing.
    #[napi(ts_return_type = "Promise<ScanReport>")]
    pub fn clean<'env>(&self, env: &'env Env, dry_run: bool) -> Result<Object<'env>> {
        let scanner = Arc::clone(&self.0);
        promise::<_, ScanReport>(env, async move { scanner.clean(dry_run).await })
    }

    /// Ends the tree that a process belongs to, whatever server started the tree.
    #[napi(ts_return_type = "Promise<TreeEnd>")]
    pub fn end_tree<'env>(&self, env: &'env Env, pid: u32) -> Result<Object<'env>> {
        let scanner = Arc::clone(&self.0);
        promise::<_, TreeEnd>(env, async move { scanner.end_tree(pid).await })
    }

    /// Returns the counts of ended processes by code, as JSON.
    #[napi]
    pub fn killed(&self) -> Result<String> {
        let killed: BTreeMap<_, _> =
            self.0.killed().into_iter().map(|(reason, count)| (reason.code(), count)).collect();
        serde_json::to_string(&killed).map_err(|error| napi::Error::new("ERR_INTERNAL", error.to_string()))
    }

    /// Returns the counts so far.
    #[napi]
    pub fn stats(&self) -> ScannerStats {
        self.0.stats().into()
    }
}

/// Works on the runtime. The promise resolves with the converted outcome, and rejects if the work panics.
fn promise<T, J>(env: &Env, work: impl Future<Output = T> + Send + 'static) -> Result<Object<'_>>
where
    T: Send + 'static,
    J: From<T> + ToNapiValue + 'static,
{
    let supervisor = Supervisor::get().map_err(system)?;
    let (deferred, promise) = env.create_deferred().map_err(internal)?;
    supervisor.runtime.spawn(async move {
        let outcome = tokio::spawn(work).await;
        deferred
            .resolve(move |_| outcome.map(J::from).map_err(|panicked| napi::Error::from_reason(panicked.to_string())));
    });
    Ok(promise)
}

impl TryFrom<ScannerOptions> for Options {
    type Error = crate::error::Error;

    fn try_from(options: ScannerOptions) -> std::result::Result<Self, Self::Error> {
        Ok(Self {
            interval: duration(options.interval),
            max_age: duration(options.max_age),
            scope: options.scope.into(),
            allow: options
                .allow
                .into_iter()
                .filter_map(AllowEntry::into_allow)
                .collect::<std::result::Result<_, _>>()?,
            kill_grace: duration(options.kill_grace),
        })
    }
}

impl AllowEntry {
    fn into_allow(self) -> Option<std::result::Result<Allow, crate::error::Error>> {
        let flags = self.flags.unwrap_or_default();
        let pattern = self.source.map(|source| Allow::pattern(&source, &flags));
        let folders = self.folders.unwrap_or_default();
        let executable = self.executable.map(|name| Allow::executable(name, folders));
        pattern.or(self.pid.map(Allow::Pid).or(executable).map(Ok))
    }
}

impl From<Report> for ScanReport {
    fn from(report: Report) -> Self {
        Self {
            scanned: count(report.scanned),
            killed: report.killed.into_iter().map(JudgedProcess::from).collect(),
            skipped: report.skipped.into_iter().map(JudgedProcess::from).collect(),
            errors: report.errors.into_iter().map(ScanError::from).collect(),
        }
    }
}

impl From<Judged> for JudgedProcess {
    fn from(judged: Judged) -> Self {
        let Judged { pid, name, age, reason, origin: Origin { parent, user, owner } } = judged;
        Self {
            pid,
            name,
            age: whole_milliseconds(age),
            code: reason.code(),
            reason: reason.to_string(),
            parent,
            user: user.map(|User(id)| id),
            owner,
        }
    }
}

impl From<Failure> for ScanError {
    fn from(Failure { pid, message }: Failure) -> Self {
        Self { pid, message }
    }
}

impl From<tree::TreeEnd> for TreeEnd {
    fn from(end: tree::TreeEnd) -> Self {
        Self {
            refusal: end.refusal.map(tree::Refusal::code),
            owner: end.owner,
            ended: end.ended.into_iter().map(|(pid, name)| EndedProcess { pid, name }).collect(),
            errors: end.errors.into_iter().map(ScanError::from).collect(),
        }
    }
}

impl From<Stats> for ScannerStats {
    #[expect(clippy::cast_precision_loss, reason = "nothing here counts to 2^53")]
    fn from(stats: Stats) -> Self {
        Self {
            is_running: stats.is_running,
            scans: stats.scans as f64,
            killed: stats.killed as f64,
            errors: stats.errors as f64,
            last_scan: stats.last_scan.map(ScanSummary::from),
        }
    }
}

impl From<LastScan> for ScanSummary {
    fn from(scan: LastScan) -> Self {
        Self {
            time: epoch(scan.time),
            duration: whole_milliseconds(scan.duration),
            scanned: count(scan.scanned),
            killed: count(scan.killed),
            skipped: count(scan.skipped),
            errors: count(scan.errors),
            dry_run: scan.dry_run,
        }
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
