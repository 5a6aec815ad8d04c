//! The scanner on real processes. Only processes of these tests are ever ended: tags of other servers are hidden from
//! the scanner.

#![cfg(target_os = "linux")]

#[path = "scanner/machine.rs"]
mod machine;
#[path = "scanner/processes.rs"]
mod processes;

use parking_lot::Mutex as SyncMutex;
use processes::{Running, addon, managed_by_node, node, sleep, tag};
use procward::process::identity::StartMark;
use procward::process::table::{CommandLines, snapshot};
use procward::process::tag::{Instance, Tag};
use procward::scanner::reason::Reason;
use procward::scanner::report::Report;
use procward::scanner::verdict::Scope;
use procward::scanner::{Options, Scanner, Termination, TrackedTree, Trees};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle as Runtime;
use tokio::sync::Mutex;

/// A lock, because the tests share one process and its descendants.
static ALONE: Mutex<()> = Mutex::const_new(());

#[derive(Default)]
struct Live {
    trees: Vec<TrackedTree>,
    ended: SyncMutex<Vec<u64>>,
    others: SyncMutex<Vec<u32>>,
}

impl Trees for Live {
    fn live(&self) -> Vec<TrackedTree> {
        self.trees.clone()
    }

    fn terminate(&self, tree: u64, _: Reason) -> Termination<'_> {
        self.ended.lock().push(tree);
        Box::pin(async { Ok(()) })
    }

    fn note_killed(&self, pid: u32) {
        self.others.lock().push(pid);
    }
}

/// Returns an instance that is provably dead: this process with another start mark.
fn dead() -> Instance {
    Instance { start: StartMark(1), ..Instance::current().clone() }
}

struct Bench {
    scanner: Scanner,
    live: Arc<Live>,
}

impl Bench {
    fn new(scope: Scope, trees: Vec<TrackedTree>) -> Self {
        let live = Arc::new(Live { trees, ..Live::default() });
        let nonce = Instance::current().nonce;
        let is_ours = move |tag: &Tag| tag.instance.nonce == nonce;
        let table = move |command_lines| {
            let mut all = snapshot(command_lines)?;
            all.processes.retain(|process| process.environment.tag.as_ref().is_none_or(is_ours));
            Ok(all)
        };
        let options = Options {
            scope,
            interval: Duration::MAX,
            max_age: Duration::from_millis(1),
            kill_grace: Duration::from_millis(200),
            allow: Vec::new(),
        };
        let trees = Arc::clone(&live) as Arc<dyn Trees>;
        Self { scanner: Scanner::new(Arc::new(table), trees, options, Runtime::current()), live }
    }

    /// Scans until the process was ended. A process that has just started is spared at first.
    async fn clean_until_killed(&self, victim: &Running) -> Report {
        for _ in 0..300 {
            let report = self.scanner.clean(false).await;
            if report.killed.iter().any(|judged| judged.pid == victim.pid()) {
                return report;
            }
            assert_eq!(report.errors, []);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it was never ended");
    }
}

fn reason_of(report: &Report, pid: u32) -> Option<Reason> {
    let judged = report.killed.iter().chain(&report.skipped).find(|judged| judged.pid == pid);
    judged.map(|judged| judged.reason)
}

#[tokio::test]
async fn orphans_are_terminated_but_not_by_a_dry_run() {
    let _alone = ALONE.lock().await;
    let bench = Bench::new(Scope::Tracked, Vec::new());
    let own_tag = tag(Instance::current(), 9);
    let left_over = Running::detached(&sleep(), &[(Tag::VARIABLE, &own_tag)]);
    let is_told = |report: &Report| report.killed.iter().any(|judged| judged.pid == left_over.pid());
    let mut report = bench.scanner.clean(true).await;
    while !is_told(&report) {
        tokio::time::sleep(Duration::from_millis(50)).await;
        report = bench.scanner.clean(true).await;
    }
    assert!(!left_over.handle.has_exited(), "a dry run ends nothing");
    assert_eq!((bench.scanner.stats().killed, bench.live.others.lock().len()), (0, 0));
    let report = bench.scanner.clean(false).await;
    assert_eq!(reason_of(&report, left_over.pid()), Some(Reason::LeftOver));
    assert!(left_over.handle.has_exited());
    assert_eq!((bench.scanner.stats().killed, report.errors), (1, vec![]));
    assert_eq!(*bench.live.others.lock(), [left_over.pid()]);
}

#[tokio::test]
async fn an_orphan_that_ignores_sigterm_is_killed() {
    let _alone = ALONE.lock().await;
    let bench = Bench::new(Scope::Tracked, Vec::new());
    let dead_tag = tag(&dead(), 9);
    let stubborn = Running::detached(&node("process.on('SIGTERM', () => {})"), &[(Tag::VARIABLE, &dead_tag)]);
    let kept = Running::detached(&sleep(), &[(Tag::VARIABLE, &dead_tag), ("PROCWARD_KEEP", "1")]);
    let report = bench.clean_until_killed(&stubborn).await;
    assert_eq!(reason_of(&report, stubborn.pid()), Some(Reason::LeftByDeadRun));
    assert!(stubborn.handle.has_exited());
    assert_eq!(reason_of(&report, kept.pid()), Some(Reason::Kept));
    assert!(!kept.handle.has_exited());
}

#[tokio::test]
async fn processes_of_a_server_that_became_another_program_are_orphans() {
    let _alone = ALONE.lock().await;
    let go = concat!(env!("CARGO_TARGET_TMPDIR"), "/become-another-program");
    let _ = std::fs::remove_file(go);
    // Like `process.execve` of Node.js: the pid and the start time stay.
    let script = r#"echo ready; while [ ! -e "$0" ]; do sleep 0.02; done; exec sleep 120"#;
    let server = Running::child(&["sh", "-c", script, go].map(str::to_owned), &[]);
    let before = Instance::of(server.pid(), Instance::current().nonce).expect("it runs");
    let call = Running::detached(&sleep(), &[(Tag::VARIABLE, &tag(&before, 1))]);
    let bench = Bench::new(Scope::Tracked, Vec::new());
    let report = bench.scanner.clean(false).await;
    assert_eq!(reason_of(&report, call.pid()), Some(Reason::OtherInstance));
    std::fs::write(go, "").expect("a writable folder");
    let name = || std::fs::read_to_string(format!("/proc/{}/comm", server.pid())).expect("it runs");
    while name() != "sleep\n" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let report = bench.clean_until_killed(&call).await;
    assert_eq!(reason_of(&report, call.pid()), Some(Reason::LeftByDeadRun));
    assert!(!server.handle.has_exited());
    std::fs::remove_file(go).expect("it is there");
}

#[tokio::test]
async fn decoys_survive_the_scopes_tracked_and_tree() {
    let _alone = ALONE.lock().await;
    let unrelated = Running::detached(&node(""), &[]);
    let titled = Running::detached(&node("process.title = 'x'.repeat(4000)"), &[]);
    let other = Instance::of(unrelated.pid(), Instance::current().nonce).expect("it runs");
    let others_child = Running::detached(&node(""), &[(Tag::VARIABLE, &tag(&other, 1))]);
    for scope in [Scope::Tracked, Scope::Tree] {
        let bench = Bench::new(scope, Vec::new());
        let kept = Running::child(&node(""), &[("PROCWARD_KEEP", "1")]);
        let [manager, worker, forked] = managed_by_node();
        let host = Running::child(&node(""), &[("LD_PRELOAD", &addon())]);
        let program = Running::child(&sleep(), &[]);
        let old = Running::child(&node(""), &[]);
        let old_titled = Running::child(&node("process.title = 'not me'"), &[]);
        let report = bench.scanner.clean(false).await;
        assert_eq!(report.errors, []);
        for decoy in [&unrelated, &titled, &others_child, &kept, &manager, &worker, &forked, &host, &program] {
            assert!(!decoy.handle.has_exited(), "{scope:?}: {:?}", reason_of(&report, decoy.pid()));
        }
        assert_eq!(reason_of(&report, host.pid()), Some(Reason::Host));
        if scope == Scope::Tree {
            assert_eq!(reason_of(&report, worker.pid()), Some(Reason::ManagedByNode));
            assert_eq!(reason_of(&report, forked.pid()), Some(Reason::ManagedByNode));
        }
        // The control: the same scan ends this server's own old Node.js descendants, whatever their titles.
        for control in [&old, &old_titled] {
            let ended = scope == Scope::Tree;
            let expected = if ended { Reason::DescendantTooOld } else { Reason::NotOurs };
            assert_eq!(reason_of(&report, control.pid()), Some(expected));
            assert_eq!(control.handle.has_exited(), ended);
        }
    }
}

#[tokio::test]
async fn the_scanner_leaves_a_live_tree_to_its_runner() {
    let _alone = ALONE.lock().await;
    let own_tag = tag(Instance::current(), 5);
    let root = Running::child(&node(""), &[(Tag::VARIABLE, &own_tag)]);
    let daemon = Running::detached(&sleep(), &[(Tag::VARIABLE, &own_tag)]);
    let tree =
        TrackedTree { number: 5, root: root.pid(), age: Duration::from_mins(1), within_deadline: true, pooled: false };
    let bench = Bench::new(Scope::Tree, vec![tree]);
    let report = bench.scanner.clean(false).await;
    assert_eq!(reason_of(&report, root.pid()), Some(Reason::WithinDeadline));
    assert_eq!(reason_of(&report, daemon.pid()), Some(Reason::WithinDeadline));
    let bench = Bench::new(Scope::Tree, vec![TrackedTree { within_deadline: false, ..tree }]);
    let report = bench.scanner.clean(false).await;
    assert_eq!(reason_of(&report, root.pid()), Some(Reason::CallTooOld));
    assert_eq!(reason_of(&report, daemon.pid()), None, "one verdict for the tree");
    assert_eq!(*bench.live.ended.lock(), [5]);
    assert!(!root.handle.has_exited() && !daemon.handle.has_exited(), "only the runner of a tree ends it");
}

#[tokio::test]
async fn the_first_scan_of_the_whole_machine_is_a_dry_run() {
    let _alone = ALONE.lock().await;
    let bench = Bench::new(Scope::Machine, Vec::new());
    let unrelated = Running::detached(&node("process.title = 'sshd'"), &[]);
    let kept = Running::detached(&node(""), &[("PROCWARD_KEEP", "1")]);
    // The first scan of this scope is a dry run by itself. This test makes no second one.
    let report = bench.scanner.clean(false).await;
    assert!(report.dry_run);
    assert_eq!(reason_of(&report, unrelated.pid()), Some(Reason::NodeTooOld));
    assert_eq!(reason_of(&report, kept.pid()), Some(Reason::Kept));
    assert!(!unrelated.handle.has_exited());
    let ancestors = std::iter::successors(Some(std::process::id()), |pid| {
        let all = snapshot(CommandLines::OfCandidates).ok()?.processes;
        all.iter().find(|process| process.link.pid == *pid).map(|process| process.link.parent)
    });
    let ancestors: Vec<u32> = ancestors.take(50).collect();
    assert!(report.killed.iter().all(|judged| !ancestors.contains(&judged.pid)));
}
