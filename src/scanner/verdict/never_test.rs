//! The processes that are never ended, whatever the machine looks like.

use super::fixture::{ME, instance, me, node, policy, snapshot, tagged};
use super::*;
use crate::process::table::{Namespace, Snapshot, User};
use proptest::prelude::*;

prop_compose! {
    fn process(pid: u32)(
        parent in 0u32..24,
        start in 0u64..400,
        age in 0u64..900,
        user in prop::sample::select(vec!["1000", "1000", "1000", "0"]),
        (executable, kind) in prop::sample::select(vec![
            ("/usr/bin/node", Kind::Node),
            ("/bin/sh", Kind::Other),
            ("/opt/server", Kind::LikeNode),
        ]),
        bits in 0u8..64,
        tag in prop::option::of((0u32..24, 0u64..400, any::<bool>(), 1u64..4)),
    ) -> ProcessInfo {
        let is = |bit: u8| bits & (1 << bit) != 0;
        let mut process = node(pid, parent);
        process.link.start = StartMark(start);
        process.link.group = Some(if is(0) { parent } else { pid });
        process.age = Duration::from_secs(age + u64::from(bits));
        process.awake = Duration::from_secs(age);
        process.endable = is(0);
        process.namespace = if is(1) && is(4) { Namespace::Below } else { Namespace::Own };
        process.user = Some(User(user.to_owned()));
        process.executable = Some(executable.into());
        process.kind = kind;
        process.environment.keep = is(1) && is(2);
        process.environment.managed_by_node = is(3);
        process.hosts_procward = is(4) && is(2);
        process.is_warden = is(3) && is(0) && !is(2);
        process.identified = is(5) || is(1);
        match tag {
            Some((_, _, true, tree)) => tagged(me(), tree, process),
            Some((pid, start, false, tree)) => tagged(instance(pid, start), tree, process),
            None => process,
        }
    }
}

prop_compose! {
    fn machine()(
        mut processes in (1u32..24).map(process).collect::<Vec<_>>(),
        parent in 0u32..24,
        complete: bool,
        alive in prop::collection::vec(0usize..23, 0..4),
    ) -> Snapshot {
        // Some of the instances that tags name are alive.
        for index in alive {
            let Some(tag) = processes[index].environment.tag.clone() else { continue };
            if let Some(host) = processes.iter_mut().find(|process| process.link.pid == tag.instance.pid) {
                host.link.start = tag.instance.start;
            }
        }
        processes.push(node(ME, parent));
        Snapshot { complete, ..snapshot(processes) }
    }
}

fn ancestors(snapshot: &Snapshot) -> Vec<u32> {
    let parent_of = |pid| snapshot.processes.iter().find(|process| process.link.pid == pid).map(|own| own.link.parent);
    let mut above: Vec<u32> = Vec::new();
    let mut next = parent_of(ME);
    while let Some(pid) = next.filter(|pid| !above.contains(pid)) {
        above.push(pid);
        next = parent_of(pid);
    }
    above
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn protected_processes_are_never_terminated(
        snapshot in machine(),
        scope in prop::sample::select(vec![Scope::Tracked, Scope::Tree, Scope::Machine]),
        allowed in 1u32..24,
        roots in prop::collection::vec((1u32..24, any::<bool>(), any::<bool>()), 0..3),
    ) {
        let trees: Vec<TrackedTree> = (1..).zip(roots).map(|(number, (root, within_deadline, pooled))| {
            TrackedTree { number, root, age: Duration::from_mins(10), within_deadline, pooled }
        }).collect();
        let policy = Policy { allow: vec![Allow::Pid(allowed)], ..policy(scope) };
        let view = View { snapshot: &snapshot, me: &me(), trees: &trees };
        let verdicts = decide(view, &policy).expect("this server is in the table");
        let above = ancestors(&snapshot);
        let find = |pid| snapshot.processes.iter().find(|process| process.link.pid == pid).expect("it was listed");
        for verdict in verdicts.iter().filter(|verdict| matches!(verdict.decision, Decision::Kill(_))) {
            let victim = find(verdict.pid);
            prop_assert_eq!(verdict.start, victim.link.start);
            prop_assert!(victim.link.pid != ME && victim.link.pid != 1 && victim.link.pid != allowed);
            prop_assert!(!above.contains(&victim.link.pid));
            let was_ours = victim.endable && victim.environment.tag.as_ref().is_some_and(|tag| tag.instance.user == me().user);
            prop_assert!(victim.user == Some(User("1000".to_owned())) || was_ours);
            prop_assert!(!victim.environment.keep && !victim.hosts_procward);
            prop_assert!(victim.identified || verdict.tree.is_some());
            let named = snapshot.processes.iter().filter_map(|process| process.environment.tag.as_ref());
            let is_named = |tag: &Tag| (tag.instance.pid, tag.instance.start) == (victim.link.pid, victim.link.start);
            prop_assert!(!named.clone().any(is_named), "a live instance");
            if let Some(number) = verdict.tree {
                let tree = trees.iter().find(|tree| tree.number == number).expect("it is live");
                prop_assert!(!tree.within_deadline && !tree.pooled);
                continue;
            }
            if let Some(tag) = &victim.environment.tag {
                let alive = snapshot.processes.iter().any(|process| {
                    (process.link.pid, process.link.start) == (tag.instance.pid, tag.instance.start)
                });
                prop_assert!(tag.instance == me() || !alive, "a live instance's process");
                let is_live = trees.iter().any(|tree| tree.number == tag.tree);
                prop_assert!(tag.instance != me() || !is_live, "a live tree's process");
            } else {
                prop_assert!(scope != Scope::Tracked && victim.is_node() && victim.awake > policy.max_age);
            }
        }
    }

    #[test]
    fn each_process_has_at_most_one_verdict_and_each_tree_one_termination(snapshot in machine(), root in 1u32..24) {
        let tree = TrackedTree {
            number: 1, root, age: Duration::from_mins(10), within_deadline: false, pooled: false,
        };
        let view = View { snapshot: &snapshot, me: &me(), trees: &[tree] };
        let verdicts = decide(view, &policy(Scope::Machine)).expect("this server is in the table");
        let mut pids: Vec<u32> = verdicts.iter().map(|verdict| verdict.pid).collect();
        pids.sort_unstable();
        pids.dedup();
        prop_assert_eq!(pids.len(), verdicts.len());
        prop_assert!(verdicts.iter().filter(|verdict| verdict.tree.is_some()).count() <= 1);
    }
}
