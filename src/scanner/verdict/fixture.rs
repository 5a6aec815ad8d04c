//! A small machine with this server (pid 100) in it, to judge.

use super::*;
use crate::process::table::environment::Environment;
use crate::process::table::{Link, Namespace, Snapshot};
use crate::process::tag::{ImageMark, Instance};
use std::path::PathBuf;

pub(in crate::scanner) const ME: u32 = 100;
pub(in crate::scanner) const OLD: Duration = Duration::from_mins(10);
pub(in crate::scanner) const MAX_AGE: Duration = Duration::from_mins(5);

pub(in crate::scanner) fn instance(pid: u32, start: u64) -> Instance {
    let (world, start) = ("boot.1.2".to_owned(), StartMark(start));
    Instance { world, pid, start, nonce: 7, image: ImageMark::default(), booted: 0, user: Some(1000) }
}

pub(in crate::scanner) fn me() -> Instance {
    instance(ME, 1_000)
}

/// A Node.js process of this user, ten minutes old; its start mark grows with its pid.
pub(in crate::scanner) fn node(pid: u32, parent: u32) -> ProcessInfo {
    ProcessInfo {
        link: Link { pid, parent, group: Some(pid), session: None, start: StartMark(u64::from(pid) * 10) },
        age: OLD,
        awake: OLD,
        user: Some(User("1000".to_owned())),
        endable: true,
        executable: Some(PathBuf::from("/usr/bin/node")),
        kind: Kind::Node,
        title: "MainThread".to_owned(),
        image: None,
        command_line: vec!["node".to_owned(), format!("/srv/{pid}.js")],
        environment: Environment::default(),
        hosts_procward: false,
        namespace: Namespace::Own,
        is_warden: false,
        identified: true,
    }
}

pub(in crate::scanner) fn program(pid: u32, parent: u32) -> ProcessInfo {
    let (executable, kind, title) = (Some(PathBuf::from("/bin/sh")), Kind::Other, "sh".to_owned());
    ProcessInfo { executable, kind, title, ..node(pid, parent) }
}

pub(in crate::scanner) fn tagged(instance: Instance, tree: u64, process: ProcessInfo) -> ProcessInfo {
    let tag = Some(Tag { instance, tree });
    ProcessInfo { environment: Environment { tag, ..process.environment }, ..process }
}

pub(in crate::scanner) fn with(change: impl FnOnce(&mut ProcessInfo), mut process: ProcessInfo) -> ProcessInfo {
    change(&mut process);
    process
}

pub(in crate::scanner) fn young(process: ProcessInfo) -> ProcessInfo {
    with(|process| (process.age, process.awake) = (Duration::from_millis(500), Duration::from_millis(500)), process)
}

pub(in crate::scanner) fn policy(scope: Scope) -> Policy {
    Policy { scope, max_age: MAX_AGE, allow: Vec::new() }
}

/// A one-shot call without a timeout of its own.
pub(in crate::scanner) fn tree(number: u64, root: u32) -> TrackedTree {
    TrackedTree { number, root, age: OLD, within_deadline: false, pooled: false }
}

/// init, a login, a shell of Node.js (an ancestor), and this server.
pub(in crate::scanner) fn machine(others: impl IntoIterator<Item = ProcessInfo>) -> Snapshot {
    let mut processes = vec![node(1, 0), program(40, 1), node(50, 40), node(ME, 50)];
    processes.extend(others);
    snapshot(processes)
}

/// All processes there are: no other has any of the pids in their tags.
pub(in crate::scanner) fn snapshot(processes: Vec<ProcessInfo>) -> Snapshot {
    let tags = processes.iter().filter_map(|process| process.environment.tag.as_ref());
    let is_listed = |pid: &u32| processes.iter().any(|process| process.link.pid == *pid);
    let gone = tags.map(|tag| tag.instance.pid).filter(|pid| !is_listed(pid)).collect();
    Snapshot { processes, complete: true, gone }
}

pub(in crate::scanner) fn judge_all(snapshot: &Snapshot, trees: &[TrackedTree], policy: &Policy) -> Vec<Verdict> {
    decide(View { snapshot, me: &me(), trees }, policy).expect("this server is in the table")
}

pub(in crate::scanner) fn judge(
    snapshot: &Snapshot,
    trees: &[TrackedTree],
    policy: &Policy,
    pid: u32,
) -> Option<Decision> {
    judge_all(snapshot, trees, policy).into_iter().find(|verdict| verdict.pid == pid).map(|verdict| verdict.decision)
}
