//! The rules, as one table: what becomes of each process on a small machine.

use super::fixture::*;
use super::*;
use crate::process::table::{Namespace, Snapshot, User};
use crate::process::tag::{ImageMark, Instance};
use crate::scanner::reason::Reason::*;
use Decision::{Kill, Skip};

/// The decisions about pid 200, in the scopes tracked, tree and machine.
type Row = (&'static str, Vec<ProcessInfo>, [Decision; 3]);

fn check(table: Vec<Row>) {
    for (name, others, expected) in table {
        let snapshot = machine(others);
        for (scope, decision) in [Scope::Tracked, Scope::Tree, Scope::Machine].into_iter().zip(expected) {
            assert_eq!(judge(&snapshot, &[], &policy(scope), 200), Some(decision), "{name}, {scope:?}");
        }
    }
}

fn dead() -> Instance {
    instance(77, 5)
}

#[test]
fn every_rule_in_every_scope() {
    let elsewhere = || Instance { world: "boot.9.2".to_owned(), ..dead() };
    let twin = || Instance { nonce: 8, ..me() };
    let warden = |pid, parent| with(|p| p.is_warden = true, program(pid, parent));
    check(vec![
        ("an unrelated node", vec![node(200, 1)], [Skip(NotOurs), Skip(NotOurs), Kill(NodeTooOld)]),
        ("a child", vec![node(200, ME)], [Skip(NotOurs), Kill(DescendantTooOld), Kill(NodeTooOld)]),
        ("a young child", vec![young(node(200, ME))], [Skip(NotOurs), Skip(Young), Skip(Young)]),
        (
            "a grandchild",
            vec![program(150, ME), node(200, 150)],
            [Skip(NotOurs), Kill(DescendantTooOld), Kill(NodeTooOld)],
        ),
        (
            "a child of a stranger with a recycled pid",
            vec![with(|p| p.link.start = StartMark(9_999), program(150, ME)), node(200, 150)],
            [Skip(NotOurs), Skip(NotOurs), Kill(NodeTooOld)],
        ),
        ("kept", vec![with(|p| p.environment.keep = true, node(200, ME))], [Skip(Kept); 3]),
        ("kept, left over", vec![tagged(me(), 9, with(|p| p.environment.keep = true, node(200, ME)))], [Skip(Kept); 3]),
        (
            "a managed child",
            vec![with(|p| p.environment.managed_by_node = true, node(200, ME))],
            [Skip(NotOurs), Skip(ManagedByNode), Kill(NodeTooOld)],
        ),
        ("left over", vec![tagged(me(), 9, node(200, 1))], [Kill(LeftOver); 3]),
        ("left over, no node", vec![tagged(me(), 9, program(200, 1))], [Kill(LeftOver); 3]),
        ("just started", vec![tagged(me(), 9, young(program(200, 1)))], [Skip(Unsettled); 3]),
        ("left by a dead run", vec![tagged(dead(), 9, program(200, 1))], [Kill(LeftByDeadRun); 3]),
        ("of a run just dying", vec![tagged(dead(), 9, young(node(200, 1)))], [Skip(Unsettled); 3]),
        ("of an instance in a container", vec![tagged(elsewhere(), 9, node(200, 1))], [Skip(Unproven); 3]),
        ("of another copy in this process", vec![tagged(twin(), 9, node(200, ME))], [Skip(OtherInstance); 3]),
        (
            "of a live instance",
            vec![node(70, 1), tagged(instance(70, 700), 9, node(200, 70))],
            [Skip(OtherInstance); 3],
        ),
        (
            "of an instance that may be alive, as its start is hidden",
            vec![with(|p| p.link.start = StartMark::HIDDEN, node(70, 1)), tagged(instance(70, 699), 9, node(200, 70))],
            [Skip(OtherInstance); 3],
        ),
        (
            "of a dead instance, its pid recycled",
            vec![node(70, 1), tagged(instance(70, 699), 9, node(200, 70))],
            [Kill(LeftByDeadRun); 3],
        ),
        ("a live instance itself", vec![node(200, ME), tagged(instance(200, 2_000), 9, node(300, 1))], [Skip(Host); 3]),
        (
            "a live instance that is a program of its own",
            vec![program(200, 1), tagged(instance(200, 2_000), 9, node(300, 1))],
            [Skip(Host); 3],
        ),
        ("a server with procward", vec![with(|p| p.hosts_procward = true, node(200, ME))], [Skip(Host); 3]),
        (
            "a server with procward that a dead run left",
            vec![tagged(dead(), 9, with(|p| p.hosts_procward = true, node(200, 1)))],
            [Skip(Host); 3],
        ),
        (
            "a plain child of a server with procward",
            vec![with(|p| p.hosts_procward = true, node(150, ME)), node(200, 150)],
            [Skip(NotOurs), Skip(OtherInstance), Kill(NodeTooOld)],
        ),
        (
            "a plain child of a server that a dead run left: the tag is only inherited",
            vec![tagged(dead(), 9, with(|p| p.hosts_procward = true, node(150, 1))), tagged(dead(), 9, node(200, 150))],
            [Skip(OtherInstance); 3],
        ),
        ("a warden of this server", vec![tagged(me(), 9, warden(200, ME))], [Skip(Warden); 3]),
        (
            "a warden of another live server",
            vec![node(70, 1), tagged(instance(70, 700), 9, warden(200, 70))],
            [Skip(Warden); 3],
        ),
        (
            "a warden whose server may be alive elsewhere",
            vec![tagged(elsewhere(), 9, warden(200, 1))],
            [Skip(Warden); 3],
        ),
        (
            "a warden of a dead run, which was stopped",
            vec![tagged(dead(), 9, warden(200, 1))],
            [Kill(LeftByDeadRun); 3],
        ),
        (
            "a leftover with a warden's name",
            vec![tagged(me(), 9, with(|p| p.command_line = vec!["procward-warden".to_owned()], program(200, 1)))],
            [Kill(LeftOver); 3],
        ),
        ("no node and no tag", vec![program(199, ME), node(200, 1)], [Skip(NotOurs), Skip(NotOurs), Kill(NodeTooOld)]),
    ]);
}

#[test]
fn another_users_processes_are_judged_by_their_server() {
    let of_root = || Instance { user: Some(0), ..dead() };
    let without_user = || Instance { user: None, ..dead() };
    let user = |name: &str, process| with(|p| p.user = Some(User(name.to_owned())), process);
    check(vec![
        ("another user's child", vec![user("0", node(200, ME))], [Skip(OtherUser); 3]),
        (
            "another user's, of a dead run of this user",
            vec![tagged(dead(), 9, user("0", node(200, 1)))],
            [Kill(LeftByDeadRun); 3],
        ),
        ("another user's, left over", vec![tagged(me(), 9, user("0", program(200, 1)))], [Kill(LeftOver); 3]),
        (
            "another user's, of a dead run of this user, out of reach",
            vec![with(|p| p.endable = false, tagged(dead(), 9, user("0", node(200, 1))))],
            [Skip(OtherUser); 3],
        ),
        (
            "another user's, of a dead run of theirs",
            vec![tagged(of_root(), 9, user("0", node(200, 1)))],
            [Skip(OtherUser); 3],
        ),
        (
            "another user's, of an older procward's",
            vec![tagged(without_user(), 9, user("0", node(200, 1)))],
            [Skip(OtherUser); 3],
        ),
        ("of a dead run of another user", vec![tagged(of_root(), 9, node(200, 1))], [Kill(LeftByDeadRun); 3]),
        ("a child of nobody knows whom", vec![with(|p| p.user = None, node(200, ME))], [Skip(OtherUser); 3]),
    ]);
}

#[test]
fn unrecognised_and_foreign_processes_are_spared() {
    let like_node = |process| with(|p| p.kind = Kind::LikeNode, process);
    let below = |process| with(|p| p.namespace = Namespace::Below, process);
    check(vec![
        (
            "unreadable below a call",
            vec![tagged(dead(), 9, program(150, 1)), with(|p| p.identified = false, program(200, 150))],
            [Skip(Unidentified); 3],
        ),
        ("what only looks like Node.js", vec![like_node(node(200, ME))], [Skip(Unrecognised); 3]),
        (
            "what only looks like Node.js, left over",
            vec![tagged(me(), 9, like_node(node(200, ME)))],
            [Kill(LeftOver); 3],
        ),
        (
            "what looks like Node.js and cannot be read",
            vec![with(|p| p.identified = false, like_node(node(200, ME)))],
            [Skip(Unidentified); 3],
        ),
        (
            "a child that the machine's sleep made old",
            vec![with(|p| p.awake = Duration::from_secs(10), node(200, ME))],
            [Skip(NotOurs), Skip(Young), Skip(Young)],
        ),
        ("a container's", vec![below(node(200, 1))], [Skip(NotOurs), Skip(NotOurs), Skip(OtherNamespace)]),
        (
            "a child in a PID namespace of its own",
            vec![below(node(200, ME))],
            [Skip(NotOurs), Kill(DescendantTooOld), Kill(NodeTooOld)],
        ),
        ("left over in a PID namespace", vec![below(tagged(me(), 9, node(200, 1)))], [Kill(LeftOver); 3]),
        ("unreadable", vec![with(|p| p.identified = false, node(200, ME))], [Skip(Unidentified); 3]),
    ]);
}

#[test]
fn this_server_and_its_ancestors_are_never_terminated() {
    let snapshot = machine([]);
    for scope in [Scope::Tracked, Scope::Tree, Scope::Machine] {
        let verdicts = judge_all(&snapshot, &[], &policy(scope));
        let found: Vec<_> = verdicts.into_iter().map(|verdict| (verdict.pid, verdict.decision)).collect();
        let skip = |pid, reason| (pid, Decision::Skip(reason));
        assert_eq!(found, [skip(1, Init), skip(50, Ancestor), skip(ME, ThisProcess)], "{scope:?}");
    }
    // An ancestor stays one, however young a recycled pid makes it look.
    let mut odd = machine([]);
    odd.processes[2].link.start = StartMark(5_000);
    assert_eq!(judge(&odd, &[], &policy(Scope::Machine), 50), Some(Decision::Skip(Ancestor)));
}

#[test]
fn a_server_with_pid_1_is_no_parent_of_adopted_processes() {
    let first = Instance { pid: 1, start: StartMark(10), ..me() };
    let of = |change: fn(&mut ProcessInfo), scope| {
        let own = with(|p| p.link.session = Some(1), node(1, 0));
        let processes = vec![own, with(change, node(200, 1)), with(|p| p.link.session = Some(200), node(201, 200))];
        let snapshot = snapshot(processes);
        let verdicts =
            decide(View { snapshot: &snapshot, me: &first, trees: &[] }, &policy(scope)).expect("it is there");
        [200, 201].map(|pid| verdicts.iter().find(|verdict| verdict.pid == pid).map(|verdict| verdict.decision))
    };
    let (too_old, not_ours) = (Some(Decision::Kill(DescendantTooOld)), Some(Decision::Skip(NotOurs)));
    assert_eq!(of(|p| p.link.session = Some(1), Scope::Tree), [too_old; 2]);
    assert_eq!(
        of(|p| p.link.session = Some(200), Scope::Tree),
        [not_ours; 2],
        "a job from outside, or its first process"
    );
    assert_eq!(of(|p| p.link.session = Some(0), Scope::Tree), [not_ours; 2], "its session is outside");
    assert_eq!(of(|p| p.link.session = Some(200), Scope::Machine), [Some(Decision::Kill(NodeTooOld)); 2]);
}

#[test]
fn processes_of_an_earlier_program_with_the_servers_pid_are_orphans() {
    let before = Instance { image: ImageMark(7), ..me() };
    let other = Instance { image: ImageMark(7), ..instance(70, 700) };
    let twin = Instance { nonce: 8, ..me() };
    let mut snapshot = machine([
        with(|p| p.image = Some(0x1000), node(70, 1)),
        tagged(before, 9, node(200, ME)),
        tagged(other, 9, node(201, 70)),
        tagged(twin, 9, node(202, ME)),
    ]);
    snapshot.processes[3].image = Some(0x1000);
    let of = |pid| judge(&snapshot, &[], &policy(Scope::Tracked), pid);
    assert_eq!(of(200), Some(Decision::Kill(LeftByDeadRun)));
    assert_eq!(of(201), Some(Decision::Kill(LeftByDeadRun)));
    assert_eq!(of(202), Some(Decision::Skip(OtherInstance)), "a tag that tells no program");
}

#[test]
fn orphans_are_found_from_a_shell_that_the_dead_server_started() {
    // The shell (50) and this server carry the tag of a dead run, as whatever was started from that shell.
    let group = |group, process| with(|p| p.link.group = Some(group), process);
    let others = [program(60, 50), group(ME, program(61, 50)), program(200, 1), node(201, ME), program(202, 50)];
    let mut snapshot = machine(others.map(|process| tagged(dead(), 9, process)));
    for at in [2, 3] {
        snapshot.processes[at] = tagged(dead(), 9, snapshot.processes[at].clone());
    }
    let of = |snapshot: &Snapshot, pid| judge(snapshot, &[], &policy(Scope::Tracked), pid);
    assert_eq!(of(&snapshot, 60), Some(Decision::Kill(LeftByDeadRun)), "older than this server");
    assert_eq!(of(&snapshot, 61), Some(Decision::Skip(SameJob)), "in the pipeline of this server");
    assert_eq!(
        of(&snapshot, 200),
        Some(Decision::Skip(OtherInstance)),
        "younger, so it may be this server's own daemon"
    );
    assert_eq!(of(&snapshot, 201), Some(Decision::Skip(NotOurs)), "this server's own child");
    assert_eq!(of(&snapshot, 202), Some(Decision::Kill(LeftByDeadRun)), "younger, and the shell's own child");
    assert_eq!(of(&snapshot, 50), Some(Decision::Skip(Ancestor)));
    // A shell without job control has all in its own group.
    snapshot.processes[2].link.group = Some(ME);
    assert_eq!(of(&snapshot, 61), Some(Decision::Kill(LeftByDeadRun)));
}

#[test]
fn a_server_without_a_known_user_terminates_no_process() {
    let mut snapshot = machine([with(|p| p.user = None, node(200, ME))]);
    snapshot.processes[3].user = None;
    assert_eq!(judge(&snapshot, &[], &policy(Scope::Machine), 200), Some(Decision::Skip(OtherUser)));
}

#[test]
fn a_pid_of_another_world_identifies_no_process_here() {
    let elsewhere = Instance { world: "boot.9.2".to_owned(), ..instance(200, 2_000) };
    let snapshot = machine([node(200, ME), tagged(elsewhere, 9, node(300, 1))]);
    let of = |pid| judge(&snapshot, &[], &policy(Scope::Tree), pid);
    assert_eq!(of(200), Some(Decision::Kill(DescendantTooOld)));
    assert_eq!(of(300), Some(Decision::Skip(Unproven)));
}

#[test]
fn a_table_without_this_server_proves_nothing() {
    let mut snapshot = machine([tagged(me(), 9, node(200, 1))]);
    snapshot.processes[3].link.start = StartMark(1);
    assert_eq!(decide(View { snapshot: &snapshot, me: &me(), trees: &[] }, &policy(Scope::Machine)), None);
}

#[test]
fn a_hidden_server_is_dead_once_no_process_has_its_pid() {
    let of_two = [tagged(instance(77, 5), 9, node(200, 1)), tagged(instance(78, 5), 9, node(204, 1))];
    let others = [node(201, 1), tagged(me(), 9, node(202, 1)), node(203, ME)];
    let mut snapshot = machine(of_two.into_iter().chain(others));
    snapshot.complete = false;
    snapshot.gone.remove(&78);
    let of = |scope, pid| judge(&snapshot, &[], &policy(scope), pid);
    assert_eq!(of(Scope::Tracked, 200), Some(Decision::Kill(LeftByDeadRun)));
    assert_eq!(of(Scope::Tracked, 204), Some(Decision::Skip(Unproven)), "another user's process may have the pid");
    assert_eq!(of(Scope::Machine, 201), Some(Decision::Skip(Unproven)));
    assert_eq!(of(Scope::Tracked, 202), Some(Decision::Kill(LeftOver)));
    assert_eq!(of(Scope::Tree, 203), Some(Decision::Kill(DescendantTooOld)));
}

#[test]
fn an_inherited_tag_of_this_server_proves_nothing() {
    let mut snapshot = machine([
        tagged(dead(), 9, node(200, ME)),
        tagged(dead(), 9, program(201, ME)),
        tagged(dead(), 9, node(202, 1)),
        tagged(dead(), 8, node(203, ME)),
    ]);
    snapshot.processes[3] = tagged(dead(), 9, node(ME, 50));
    let of = |scope, pid| judge(&snapshot, &[], &policy(scope), pid);
    assert_eq!(of(Scope::Tracked, 200), Some(Decision::Skip(NotOurs)));
    assert_eq!(of(Scope::Tree, 200), Some(Decision::Kill(DescendantTooOld)));
    assert_eq!(of(Scope::Tree, 201), Some(Decision::Skip(NotOurs)));
    assert_eq!(of(Scope::Tree, 202), Some(Decision::Skip(OtherInstance)));
    assert_eq!(of(Scope::Tracked, 203), Some(Decision::Kill(LeftByDeadRun)));
}

#[test]
fn allowed_processes_are_spared() {
    let snapshot = machine([node(200, ME)]);
    let allows = |allow: Allow| {
        let policy = Policy { allow: vec![allow], ..policy(Scope::Machine) };
        judge(&snapshot, &[], &policy, 200) == Some(Decision::Skip(Allowed))
    };
    let pattern = |source, flags| Allow::pattern(source, flags).expect("a good pattern");
    assert!(allows(Allow::Pid(200)));
    assert!(!allows(Allow::Pid(201)));
    for (name, expected) in [("node", true), ("/usr/bin/node", true), ("nod", false), ("bin/node", false)] {
        assert_eq!(allows(Allow::executable(name.to_owned(), [])), expected, "{name}");
    }
    assert!(allows(pattern(r"^node /srv/(?<n>\d+)\.js$", "")));
    assert!(allows(pattern("NODE", "i")));
    assert!(!allows(pattern("NODE", "")));
    assert!(Allow::pattern("(", "").is_err_and(|error| error.code() == "ERR_INVALID_CONFIG"));
}

#[test]
fn a_verdict_tells_name_and_age_but_no_path() {
    let snapshot = machine([node(200, ME)]);
    let verdicts = judge_all(&snapshot, &[], &policy(Scope::Tree));
    let verdict = verdicts.iter().find(|verdict| verdict.pid == 200).expect("it is a candidate");
    assert_eq!((verdict.name.as_str(), verdict.age, verdict.start), ("node", OLD, StartMark(2_000)));
}
