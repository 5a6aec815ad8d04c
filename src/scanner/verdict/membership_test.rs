//! The decisions about members of a live tree.

use super::fixture::*;
use super::*;
use crate::process::table::User;
use crate::scanner::reason::Reason::*;

#[test]
fn a_live_tree_is_judged_as_one() {
    use Decision::{Kill, Skip};
    let group = |pid, parent, group| with(|p| p.link.group = Some(group), program(pid, parent));
    // Root 200; a child; one that left for init but kept the group; one that kept only the tag, and its child.
    let members = || {
        let daemon = tagged(me(), 3, node(230, 1));
        vec![tagged(me(), 3, node(200, ME)), program(210, 200), group(220, 1, 200), daemon, program(240, 230)]
    };
    let call = tree(3, 200);
    let table: Vec<(&str, TrackedTree, Decision)> = vec![
        ("within its deadline", TrackedTree { within_deadline: true, ..call }, Skip(WithinDeadline)),
        ("pooled", TrackedTree { pooled: true, ..call }, Skip(Pooled)),
        ("just old enough", TrackedTree { age: MAX_AGE, ..call }, Skip(Young)),
    ];
    for (name, tree, expected) in table {
        for scope in [Scope::Tracked, Scope::Tree, Scope::Machine] {
            let snapshot = machine(members());
            for pid in [200, 210, 220, 230, 240] {
                assert_eq!(judge(&snapshot, &[tree], &policy(scope), pid), Some(expected), "{name} {scope:?} {pid}");
            }
        }
    }
    let ended = |others: Vec<ProcessInfo>| -> Vec<_> {
        let verdicts = judge_all(&machine(others), &[call], &policy(Scope::Tracked));
        let ours = verdicts.into_iter().filter(|verdict| verdict.pid >= 200);
        ours.map(|verdict| (verdict.pid, verdict.decision, verdict.tree)).collect()
    };
    assert_eq!(ended(members()), [(200, Kill(CallTooOld), Some(3))]);
    assert_eq!(ended(members().split_off(1)), [(220, Kill(CallTooOld), Some(3))], "the root has gone");
    assert_eq!(ended(vec![]), []);
}

#[test]
fn a_tree_with_a_spared_member_is_spared() {
    let spared = [
        (with(|p| p.environment.keep = true, node(210, 200)), Kept),
        (with(|p| p.hosts_procward = true, node(210, 200)), Host),
    ];
    for (member, reason) in spared {
        let snapshot = machine([tagged(me(), 3, node(200, ME)), member]);
        let of = |pid| judge(&snapshot, &[tree(3, 200)], &policy(Scope::Machine), pid);
        assert_eq!(of(200), Some(Decision::Skip(SparedTree)));
        assert_eq!(of(210), Some(Decision::Skip(reason)));
    }
    // What the system hides about a process of our own tree does not make it another's.
    let hidden = with(|p| (p.user, p.identified) = (Some(User("0".to_owned())), false), program(210, 200));
    let snapshot = machine([tagged(me(), 3, node(200, ME)), hidden]);
    let of = |pid| judge(&snapshot, &[tree(3, 200)], &policy(Scope::Tracked), pid);
    assert_eq!(of(200), Some(Decision::Kill(CallTooOld)));
    assert_eq!(of(210), Some(Decision::Skip(OtherUser)));
}

#[test]
fn a_stranger_with_the_roots_old_pid_is_no_member() {
    let snapshot = machine([node(200, 1), node(210, 200)]);
    for pid in [200, 210] {
        assert_eq!(judge(&snapshot, &[tree(3, 200)], &policy(Scope::Tree), pid), Some(Decision::Skip(NotOurs)));
    }
}
