//! The cleanup of orphans: reads all processes, judges each, and ends those that nothing else will end.

pub mod allow;
mod execution;
mod family;
pub mod reason;
pub mod report;
pub mod tree;
mod trees;
pub mod verdict;

pub use trees::{Termination, TrackedTree, Trees};

use crate::process::guarantee::remove_orphaned_groups;
use crate::process::table::{CommandLines, Snapshot};
use crate::process::tag::Instance;
use allow::Allow;
use parking_lot::Mutex;
use reason::Reason;
use report::{Failure, LastScan, Report, Stats};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};
use verdict::{Policy, SETTLED, Scope, Verdict, View, decide};

/// Reads all processes: [`crate::process::table::snapshot`], except in tests.
pub type Table = Arc<dyn Fn(CommandLines) -> io::Result<Snapshot> + Send + Sync>;

/// The options of a scanner.
#[derive(Debug, Clone)]
pub struct Options {
    /// The time between two scans.
    pub interval: Duration,
    /// The age above which nothing is expected to end a process.
    pub max_age: Duration,
    /// The processes to judge.
    pub scope: Scope,
    /// The processes that are always spared.
    pub allow: Vec<Allow>,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace: Duration,
}

/// The cleanup scanner; dropping it stops it.
pub struct Scanner {
    shared: Arc<Shared>,
    runtime: runtime::Handle,
}

struct Shared {
    table: Table,
    trees: Arc<dyn Trees>,
    /// Lets one scan run at a time; guards no data.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

struct State {
    options: Options,
    /// Dropping the sender ends the background task after its scan in progress.
    running: Option<oneshot::Sender<()>>,
    /// True once a scan in scope `machine` has reported without killing.
    has_reported: bool,
    scans: u64,
    killed: BTreeMap<Reason, u64>,
    errors: u64,
    last_scan: Option<LastScan>,
}

impl Scanner {
    /// Creates a scanner that does not scan yet.
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

    /// Sets the options from the next scan on. With a new interval, a running scanner waits for that whole interval first.
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

    /// Scans at once, because dead runs may have left orphans, and then after each interval. A running scanner goes on with
    /// these options.
    pub fn start(&self, options: Options) {
        self.configure(options);
        let mut state = self.shared.state.lock();
        if state.running.is_none() {
            self.launch(&mut state, Duration::ZERO);
        }
    }

    /// Stops scanning, after a scan in progress.
    pub fn stop(&self) {
        self.shared.state.lock().running = None;
    }

    /// Scans once, after a scan in progress. A dry run ends nothing.
    ///
    /// # Cancel safety
    /// Dropping the future stops the scan where it is: a process may get SIGTERM and no SIGKILL.
    pub async fn clean(&self, dry_run: bool) -> Report {
        self.shared.scan(dry_run).await
    }

    /// Ends the tree that a process belongs to, whatever server started the tree.
    ///
    /// # Cancel safety
    /// As [`Self::clean`].
    pub async fn end_tree(&self, pid: u32) -> tree::TreeEnd {
        let _turn = self.shared.turn.lock().await;
        let grace = self.shared.state.lock().options.kill_grace;
        tree::end(&self.shared.table, pid, grace).await
    }

    /// Returns the counts and settings so far.
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

    /// Returns the count of ended processes by reason.
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
            let shared = Arc::clone(&self);
            // The scan panics where no thread can be started, and the next scan has to come all the same.
            let scan = tokio::spawn(async move { shared.scan(false).await }).await;
            if scan.is_err() {
                self.state.lock().errors += 1;
            }
            // A process that was too young to be judged is judged as soon as possible, instead of an interval later.
            let is_unsettled = scan.is_ok_and(|report| report.is_unsettled());
            pause = if is_unsettled { interval.min(SETTLED) } else { interval };
        }
    }

    async fn scan(&self, dry_run: bool) -> Report {
        let _turn = self.turn.lock().await;
        let (options, dry_run) = {
            let state = self.state.lock();
            let only_reports = state.options.scope.reaches_strangers() && !state.has_reported;
            (state.options.clone(), dry_run || only_reports)
        };
        let (time, clock) = (SystemTime::now(), Instant::now());
        let mut report = Report { dry_run, ..Report::default() };
        match self.judge(&options).await {
            Ok(verdicts) if dry_run => report.pretend(verdicts),
            Ok(verdicts) => {
                execution::execute(verdicts, &self.trees, options.kill_grace, &mut report).await;
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

    /// Reads the processes and decides about each, on a thread that may block.
    async fn judge(&self, options: &Options) -> io::Result<Vec<Verdict>> {
        let Options { scope, max_age, mut allow, .. } = options.clone();
        let (table, trees) = (Arc::clone(&self.table), Arc::clone(&self.trees));
        // Command lines of all processes are read for `allow`, because some are candidates only by their tree.
        let command_lines =
            if allow.iter().any(Allow::reads_command_lines) { CommandLines::OfAll } else { CommandLines::OfCandidates };
        let look = move || {
            allow.iter_mut().for_each(Allow::follow_links);
            let snapshot = table(command_lines)?;
            // Listed after the processes, so that the list has the tree of every process seen, unless it has exited since.
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
        // A scan without processes has reported nothing.
        if report.scanned > 0 && scope == state.options.scope {
            state.has_reported = true;
        }
        state.last_scan = Some(LastScan::of(report, time, duration));
    }
}

#[cfg(test)]
mod tests;
