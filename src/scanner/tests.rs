//! The scanner's turns, counts and clock, over made-up processes that do not exist: nothing real is ended here.

use super::verdict::fixture::{node, snapshot, tagged, young};
use super::*;
use crate::process::table::ProcessInfo;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A pid that no system gives, so that no process can be hit.
const NO_PROCESS: u32 = u32::MAX - 1;

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

#[derive(Default)]
struct FakeTrees {
    live: Vec<TrackedTree>,
    ended: Mutex<Vec<(u64, Reason)>>,
    refuses: bool,
    never_ends: bool,
}

impl Trees for FakeTrees {
    fn live(&self) -> Vec<TrackedTree> {
        self.live.clone()
    }

    fn terminate(&self, tree: u64, reason: Reason) -> Termination<'_> {
        self.ended.lock().push((tree, reason));
        let refused = self.refuses.then(|| io::Error::from(io::ErrorKind::PermissionDenied));
        if self.never_ends {
            return Box::pin(std::future::pending());
        }
        Box::pin(async { refused.map_or(Ok(()), Err) })
    }

    fn note_killed(&self, _: u32) {}
}

fn own() -> ProcessInfo {
    let me = Instance::current();
    let mut own = node(me.pid, 1);
    own.link.start = me.start;
    own
}

fn child(pid: u32) -> ProcessInfo {
    let mut child = node(pid, Instance::current().pid);
    child.link.start.0 += Instance::current().start.0;
    child
}

fn table(processes: Vec<ProcessInfo>) -> Table {
    Arc::new(move |_| Ok(snapshot(processes.clone())))
}

fn scanner(table: Table, trees: FakeTrees, scope: Scope) -> (Scanner, Arc<FakeTrees>) {
    let trees = Arc::new(trees);
    let options = Options { scope, ..Options::default() };
    (Scanner::new(table, Arc::clone(&trees) as Arc<dyn Trees>, options, runtime::Handle::current()), trees)
}

fn minutes(count: u64) -> Duration {
    Duration::from_mins(count)
}

#[tokio::test(start_paused = true)]
async fn a_started_scanner_scans_at_once_and_after_each_interval_until_it_is_stopped() {
    let (scanner, _) = scanner(table(vec![own()]), FakeTrees::default(), Scope::Tree);
    assert_eq!((scanner.stats().is_running, scanner.stats().last_scan), (false, None));
    scanner.start(Options::default());
    sleep(Duration::from_millis(59_999)).await;
    assert_eq!(scanner.stats().scans, 1, "what a dead run left behind is not left for an interval more");
    scanner.start(Options::default());
    sleep(minutes(3)).await;
    assert_eq!(scanner.stats().scans, 4, "starting again changed nothing");
    assert!(scanner.stats().is_running);
    scanner.stop();
    scanner.stop();
    sleep(minutes(5)).await;
    assert_eq!((scanner.stats().scans, scanner.stats().is_running), (4, false));
    scanner.start(Options::default());
    sleep(minutes(2) + Duration::from_secs(1)).await;
    assert_eq!(scanner.stats().scans, 7);
}

#[tokio::test(start_paused = true)]
async fn a_new_interval_counts_at_once_and_dropping_stops() {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let counting: Table = Arc::new(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        Ok(snapshot(vec![own()]))
    });
    let (scanner, _) = scanner(counting, FakeTrees::default(), Scope::Tree);
    scanner.start(Options { interval: Duration::MAX, ..Options::default() });
    sleep(minutes(60)).await;
    assert_eq!(scanner.stats().scans, 1);
    scanner.start(Options { interval: minutes(10), ..Options::default() });
    sleep(minutes(25)).await;
    assert_eq!((scanner.stats().scans, scanner.stats().interval), (3, minutes(10)));
    drop(scanner);
    sleep(minutes(60)).await;
    assert_eq!(seen.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_pattern_or_a_name_asks_for_all_command_lines() {
    let pattern = Allow::pattern("server", "").expect("it can be understood");
    for (allow, expected) in [
        (Vec::new(), CommandLines::OfCandidates),
        (vec![Allow::Pid(1)], CommandLines::OfCandidates),
        (vec![Allow::executable("node".to_owned(), [])], CommandLines::OfAll),
        (vec![Allow::Pid(1), pattern], CommandLines::OfAll),
    ] {
        let asked: Table = Arc::new(move |command_lines| {
            assert_eq!(command_lines, expected);
            Ok(snapshot(vec![own()]))
        });
        let (scanner, _) = scanner(asked, FakeTrees::default(), Scope::Tree);
        scanner.configure(Options { allow, ..Options::default() });
        assert_eq!(scanner.clean(true).await.errors, []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_has_just_started_is_judged_again_soon() {
    let dead = Instance { pid: NO_PROCESS, ..Instance::current().clone() };
    let mut left = young(tagged(dead, 1, child(NO_PROCESS - 1)));
    left.link.parent = 1;
    let look = AtomicUsize::new(0);
    let growing: Table = Arc::new(move |_| {
        let mut left = left.clone();
        if look.fetch_add(1, Ordering::SeqCst) > 0 {
            (left.age, left.awake) = (minutes(1), minutes(1));
        }
        Ok(snapshot(vec![own(), left]))
    });
    let (scanner, _) = scanner(growing, FakeTrees::default(), Scope::Tracked);
    scanner.start(Options::default());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scanner.stats().scans, 2);
    sleep(minutes(1)).await;
    assert_eq!(scanner.stats().scans, 3, "and then after each interval");
}

#[tokio::test]
async fn scans_take_turns() {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (within, peak) = (Arc::clone(&inside), Arc::clone(&most));
    let slow: Table = Arc::new(move |_| {
        peak.fetch_max(within.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        within.fetch_sub(1, Ordering::SeqCst);
        Ok(snapshot(vec![own()]))
    });
    let (scanner, _) = scanner(slow, FakeTrees::default(), Scope::Tree);
    let scanner = Arc::new(scanner);
    let mut cleans = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let scanner = Arc::clone(&scanner);
        cleans.spawn(async move { scanner.clean(false).await });
    }
    cleans.join_all().await;
    assert_eq!((scanner.stats().scans, most.load(Ordering::SeqCst)), (10, 1));
}

#[tokio::test]
async fn a_dry_run_reports_and_counts_no_killed_process() {
    let (scanner, _) = scanner(table(vec![own(), child(NO_PROCESS)]), FakeTrees::default(), Scope::Tree);
    let report = scanner.clean(true).await;
    let told: Vec<_> = report.killed.iter().map(|judged| (judged.pid, judged.name.as_str(), judged.reason)).collect();
    assert_eq!(told, [(NO_PROCESS, "node", Reason::DescendantTooOld)]);
    assert_eq!((report.scanned, report.skipped.len(), report.dry_run), (2, 1, true));
    let stats = scanner.stats();
    assert_eq!((stats.scans, stats.killed, stats.errors), (1, 0, 0));
    let last = stats.last_scan.expect("it scanned");
    assert_eq!((last.scanned, last.killed, last.skipped, last.errors, last.dry_run), (2, 1, 1, 0, true));
}

#[tokio::test]
async fn a_victim_that_has_exited_already_is_no_error() {
    let (scanner, _) = scanner(table(vec![own(), child(NO_PROCESS)]), FakeTrees::default(), Scope::Tree);
    let report = scanner.clean(false).await;
    assert_eq!((report.killed, report.errors, report.scanned), (vec![], vec![], 2));
}

#[tokio::test]
async fn the_first_scan_in_scope_machine_only_reports() {
    let mut stranger = node(NO_PROCESS, 1);
    stranger.link.start = Instance::current().start;
    let (scanner, _) = scanner(table(vec![own(), stranger]), FakeTrees::default(), Scope::Tree);
    let machine = || Options { scope: Scope::Machine, ..Options::default() };
    assert!(!scanner.clean(false).await.dry_run);
    scanner.configure(machine());
    let first = scanner.clean(false).await;
    assert_eq!((first.dry_run, first.killed.len()), (true, 1));
    assert!(scanner.stats().last_scan.expect("it scanned").dry_run);
    assert!(!scanner.clean(false).await.dry_run);
    scanner.configure(machine());
    assert!(!scanner.clean(false).await.dry_run, "choosing it again is no new choice");
    scanner.configure(Options::default());
    scanner.configure(machine());
    assert!(scanner.clean(false).await.dry_run);
}

#[tokio::test]
async fn a_tree_that_is_too_old_is_terminated_by_its_owner() {
    let forgotten = TrackedTree { number: 4, root: NO_PROCESS, age: minutes(6), within_deadline: false, pooled: false };
    for (refuses, counts) in [(false, (1, 0)), (true, (0, 1))] {
        let trees = FakeTrees { live: vec![forgotten], refuses, ..FakeTrees::default() };
        let root = tagged(Instance::current().clone(), 4, child(NO_PROCESS));
        let (scanner, trees) = scanner(table(vec![own(), root]), trees, Scope::Tracked);
        assert_eq!(scanner.clean(true).await.killed.len(), 1);
        assert!(trees.ended.lock().is_empty(), "a dry run ends no tree");
        let report = scanner.clean(false).await;
        assert_eq!(*trees.ended.lock(), [(4, Reason::CallTooOld)]);
        assert_eq!((report.killed.len(), report.errors.len()), counts);
        let stats = scanner.stats();
        assert_eq!((stats.killed, stats.errors), (counts.0 as u64, counts.1 as u64));
        assert_eq!(report.killed.first().map_or(minutes(6), |judged| judged.age), minutes(6), "the tree's age");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tree_that_cannot_be_killed_does_not_delay_further_scans() {
    let stuck = TrackedTree { number: 4, root: NO_PROCESS, age: minutes(6), within_deadline: false, pooled: false };
    let trees = FakeTrees { live: vec![stuck], never_ends: true, ..FakeTrees::default() };
    let root = tagged(Instance::current().clone(), 4, child(NO_PROCESS));
    let (scanner, _) = scanner(table(vec![own(), root]), trees, Scope::Tracked);
    for _ in 0..2 {
        let message = "Cannot end node: its tree is still there".to_owned();
        assert_eq!(scanner.clean(false).await.errors, [Failure { pid: NO_PROCESS, message }]);
    }
}

#[tokio::test]
async fn an_unreadable_table_is_an_error_and_terminates_no_process() {
    let unreadable: Table = Arc::new(|_| Err(io::Error::from(io::ErrorKind::PermissionDenied)));
    let panicking: Table = Arc::new(|_| panic!("a bug"));
    let lost = table(vec![node(NO_PROCESS, 1)]);
    for (table, expected) in [
        (unreadable, "Cannot list processes: permission denied"),
        (panicking, "Cannot list processes: the scan failed unexpectedly"),
        (lost, "Cannot list processes: this process is not among them"),
    ] {
        let (scanner, _) = scanner(table, FakeTrees::default(), Scope::Machine);
        let report = scanner.clean(false).await;
        let failure = Failure { pid: std::process::id(), message: expected.to_owned() };
        assert_eq!((report.errors, report.scanned, scanner.stats().errors), (vec![failure], 0, 1));
        assert!(scanner.clean(false).await.dry_run, "nothing has been reported yet");
    }
}
