//! Scope `machine` for real, in a PID namespace of its own, where no other process can be ended.

use crate::processes::{Running, node};
use crate::{ALONE, Bench, reason_of};
use procward::process::table::{CommandLines, snapshot};
use procward::scanner::reason::Reason;
use procward::scanner::verdict::Scope;
use std::process::Command;

/// Runs `inside` below a shell (pid 1) and a Node.js process, both of which have to survive.
#[test]
fn old_nodes_are_terminated_but_no_ancestors_of_this_server() {
    let _alone = ALONE.blocking_lock();
    let unshare = |user: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(user).args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
        command
    };
    let ways: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let can = |way: &&&[&str]| unshare(way).arg("true").output().is_ok_and(|output| output.status.success());
    let Some(way) = ways.iter().find(can) else {
        eprintln!("SKIPPED: this system forbids PID namespaces");
        return;
    };
    let exe = std::env::current_exe().expect("this test has a file");
    let run = "const { status } = require('child_process').spawnSync(process.argv[1],
        ['--ignored', '--exact', 'machine::inside', '--nocapture'], { stdio: 'inherit' })
        process.exit(status ?? 1)";
    let shell = r#"node -e "$0" "$1"; exit $?"#;
    let inside = unshare(way).args(["sh", "-c", shell, run]).arg(exe).output().expect("unshare runs");
    let told = String::from_utf8_lossy(&inside.stdout);
    assert!(inside.status.success(), "{told}\n{}", String::from_utf8_lossy(&inside.stderr));
    assert!(told.contains("1 passed"), "{told}");
}

#[tokio::test]
#[ignore = "only in a PID namespace of its own, where the test above runs it"]
async fn inside() {
    let all = snapshot(CommandLines::OfAll).expect("processes can be listed").processes;
    let of = |pid| all.iter().find(|process| process.link.pid == pid).expect("it runs");
    let is_ours = of(1).command_line.iter().any(|part| part.contains("machine::inside"));
    assert!(is_ours, "not in a namespace of its own, where everything old would be ended");
    let unrelated = Running::detached(&node("process.title = 'sshd'"), &[]);
    let kept = Running::detached(&node(""), &[("PROCWARD_KEEP", "1")]);
    let bench = Bench::new(Scope::Machine, Vec::new());
    assert!(bench.scanner.clean(false).await.dry_run, "the first scan only reports");
    assert!(!unrelated.handle.has_exited());
    let report = bench.scanner.clean(false).await;
    assert_eq!(reason_of(&report, unrelated.pid()), Some(Reason::NodeTooOld));
    assert!(unrelated.handle.has_exited() && !kept.handle.has_exited());
    assert_eq!((report.killed.len(), report.errors), (1, vec![]));
    let parent = of(std::process::id()).link.parent;
    let ancestor = report.skipped.iter().find(|judged| judged.pid == parent);
    assert_eq!(ancestor.map(|judged| judged.reason), Some(Reason::Ancestor));
}
