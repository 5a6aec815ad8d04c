//! The cleanup of what was left behind: it looks at all processes, judges them, and ends what has been forgotten.

pub mod allow;
mod end;
mod family;
pub mod reason;
pub mod report;
pub mod verdict;

use crate::process::guarantee::remove_orphaned_groups;
use crate::process::table::{CommandLines, Snapshot};
use crate::process::tag::Instance;
use allow::Allow;
use parking_lot::Mutex;
use reason::Reason;
use report::{Failure, LastScan, Report, Stats};
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use verdict::{Policy, SETTLED, Scope, TrackedTree, Verdict, View, decide};

/// Reads all processes; [`crate::process::table::snapshot`] but in tests.
pub type Table = Arc<dyn Fn(CommandLines) -> io::Result<Snapshot> + Send + Sync>;

/// Resolves when a tree has ended, or could not be.
pub type Ending<'a> = Pin<Box<dyn Future<Output = io::Result<()>> + Send + 'a>>;

/// Who knows this server's trees and ends them.
pub trait Trees: Send + Sync {
    /// The trees that run now, each of them from the moment it was started until its last process has exited.
    fn live(&self) -> Vec<TrackedTree>;
    /// Ends a whole tree, so that the call it runs for is rejected; one that has ended already is no error.
    fn end(&self, tree: u64, reason: Reason) -> Ending<'_>;
    /// A process that is of no such tree has been ended.
    fn ended_other(&self, pid: u32);
}

/// What the user may choose.
#[derive(Debug, Clone)]
pub struct Options {
    /// Between two scans.
    pub interval: Duration,
    /// What is older than this has been forgotten.
    pub max_age: Duration,
    /// How far to look.
    pub scope: Scope,
    /// What is always spared.
    pub allow: Vec<Allow>,
    /// Between SIGTERM and SIGKILL.
    pub kill_grace: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            interval: Duration::from_mins(1),
            max_age: Duration::from_mins(5),
            scope: Scope::Tree,
            allow: Vec::new(),
            kill_grace: Duration::from_secs(2),
        }
    }
}

/// The cleanup scanner. Dropped, it stops.
pub struct Scanner {
    shared: Arc<Shared>,
    runtime: runtime::Handle,
}

struct Shared {
    table: Table,
    trees: Arc<dyn Trees>,
    /// Scans take turns; this guards no data.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    options: Options,
    /// Dropping it ends the background task, once its scan is over.
    running: Option<oneshot::Sender<()>>,
    /// Scope `machine` has shown what it would do.
    has_reported: bool,
    scans: u64,
    killed: BTreeMap<Reason, u64>,
    errors: u64,
    last_scan: Option<LastScan>,
}

impl Scanner {
    /// A scanner that does nothing until it is asked to.
    pub fn new(table: Table, trees: Arc<dyn Trees>, options: Options, runtime: runtime::Handle) -> Self {
        let state = State {
            options,
            running: None,
            has_reported: false,
            scans: 0,
            killed: BTreeMap::new(),
            errors: 0,
            last_scan: None,
        };
        let shared = Shared { table, trees, turn: tokio::sync::Mutex::default(), state: Mutex::new(state) };
        Self { shared: Arc::new(shared), runtime }
    }

    /// Sets the options from the next scan on. A running scanner with a new interval waits for the whole of it first.
    pub fn configure(&self, options: Options) {
        let mut state = self.shared.state.lock();
        if options.scope != state.options.scope {
            state.has_reported = false;
        }
        let restart = state.running.is_some() && options.interval != state.options.interval;
        state.options = options;
        if restart {
            let first = state.options.interval;
            self.launch(&mut state, first);
        }
    }

    /// Scans at once, for what dead runs left behind, and then again and again; a scanner that does so already goes on,
    /// with these options.
    pub fn start(&self, options: Options) {
        self.configure(options);
        let mut state = self.shared.state.lock();
        if state.running.is_none() {
            self.launch(&mut state, Duration::ZERO);
        }
    }

    /// Ends what [`Scanner::start`] began, once a scan that is under way is over.
    pub fn stop(&self) {
        self.shared.state.lock().running = None;
    }

    /// Scans once, after a scan that is under way. A dry run ends nothing.
    ///
    /// # Cancel safety
    /// Dropping the future ends the scan where it is: a process may have been asked to end, and not be made to.
    pub async fn clean(&self, dry_run: bool) -> Report {
        self.shared.scan(dry_run).await
    }

    /// What it has done so far.
    pub fn stats(&self) -> Stats {
        let state = self.shared.state.lock();
        Stats {
            scans: state.scans,
            killed: state.killed.values().sum(),
            errors: state.errors,
            is_running: state.running.is_some(),
            interval: state.options.interval,
            max_age: state.options.max_age,
            scope: state.options.scope,
            last_scan: state.last_scan.clone(),
        }
    }

    /// How many it has ended, by reason.
    pub fn killed(&self) -> BTreeMap<Reason, u64> {
        self.shared.state.lock().killed.clone()
    }

    fn launch(&self, state: &mut State, first: Duration) {
        let (running, stopped) = oneshot::channel();
        state.running = Some(running);
        let interval = state.options.interval.max(Duration::from_millis(1));
        self.runtime.spawn(Arc::clone(&self.shared).repeat(first, interval, stopped));
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    async fn repeat(self: Arc<Self>, first: Duration, interval: Duration, mut stopped: oneshot::Receiver<()>) {
        let mut pause = first;
        loop {
            tokio::select! {
                biased;
                _ = &mut stopped => return,
                () = sleep(pause) => {}
            }
            // Who was too young to be judged is looked at again as soon as that can be done, not an interval later.
            pause = if self.scan(false).await.is_unsettled() { interval.min(SETTLED) } else { interval };
        }
    }

    async fn scan(&self, dry_run: bool) -> Report {
        let _turn = self.turn.lock().await;
        let (options, dry_run) = {
            let state = self.state.lock();
            let only_reports = state.options.scope == Scope::Machine && !state.has_reported;
            (state.options.clone(), dry_run || only_reports)
        };
        let (time, clock) = (SystemTime::now(), Instant::now());
        let mut report = Report { dry_run, ..Report::default() };
        match self.judge(&options).await {
            Ok(verdicts) if dry_run => report.pretend(verdicts),
            Ok(verdicts) => {
                end::carry_out(verdicts, &self.trees, options.kill_grace, &mut report).await;
                let _ = tokio::task::spawn_blocking(remove_orphaned_groups).await;
            }
            Err(error) => {
                let message = format!("Cannot list processes: {error}");
                report.errors.push(Failure { pid: std::process::id(), message });
            }
        }
        self.note(&report, options.scope, time, clock.elapsed());
        report
    }

    /// Looks and decides, on a thread that may block.
    async fn judge(&self, options: &Options) -> io::Result<Vec<Verdict>> {
        let Options { scope, max_age, mut allow, .. } = options.clone();
        let (table, trees) = (Arc::clone(&self.table), Arc::clone(&self.trees));
        // Also of those that only their tree makes candidates.
        let command_lines =
            if allow.iter().any(Allow::reads_command_lines) { CommandLines::OfAll } else { CommandLines::OfCandidates };
        let look = move || {
            allow.iter_mut().for_each(Allow::follow_links);
            let snapshot = table(command_lines)?;
            // After the processes: a tree whose processes were seen is in this list, unless it has ended since.
            let trees = trees.live();
            let view = View { snapshot: &snapshot, me: Instance::current(), trees: &trees };
            decide(view, &Policy { scope, max_age, allow })
                .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "this process is not among them"))
        };
        tokio::task::spawn_blocking(look).await.map_err(|_| io::Error::other("the scan failed unexpectedly"))?
    }

    fn note(&self, report: &Report, scope: Scope, time: SystemTime, duration: Duration) {
        let mut state = self.state.lock();
        state.scans += 1;
        state.errors += report.errors.len() as u64;
        if !report.dry_run {
            for judged in &report.killed {
                *state.killed.entry(judged.reason).or_default() += 1;
            }
        }
        // A scan that saw nothing has shown nothing.
        if report.scanned > 0 && scope == state.options.scope {
            state.has_reported = true;
        }
        state.last_scan = Some(LastScan::of(report, time, duration));
    }
}

#[cfg(test)]
mod tests;
