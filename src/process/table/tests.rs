use super::*;
use crate::process::handle::{Handle, open_verified};
use crate::process::identity::{StartMark, start_mark};
use crate::process::tag::{Instance, Tag};
use std::process::{Child, Command};

struct Sleeper(Child);

impl Sleeper {
    fn start(tag: &str) -> Self {
        let mut command = Command::new("sleep");
        command.arg("30").env(Tag::VARIABLE, tag).env("PROCWARD_KEEP", "1");
        let sleeper = Self(command.spawn().expect("sleep starts"));
        // The parent goes on a moment before the child's command line can be read.
        while std::fs::read(format!("/proc/{}/cmdline", sleeper.0.id())).is_ok_and(|line| line.is_empty()) {
            std::thread::yield_now();
        }
        sleeper
    }

    fn link(&self) -> Option<Link> {
        let links = links().expect("processes can be listed");
        links.into_iter().find(|link| link.pid == self.0.id())
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn tag() -> Tag {
    Tag { instance: Instance::current().clone(), tree: 7 }
}

#[test]
fn a_new_child_is_listed_with_its_tag_until_its_exit() {
    let mut sleeper = Sleeper::start(&tag().to_string());
    let link = sleeper.link().expect("it runs");
    assert_eq!(link.parent, std::process::id());
    assert_eq!(start_mark(link.pid).expect("it runs"), link.start);
    assert_eq!(tag_of(link.pid), Some(tag()));
    let handle = Handle::open(link.pid).expect("it runs");
    sleeper.0.kill().expect("it is our child");
    while !handle.has_exited() {
        std::thread::yield_now();
    }
    assert_eq!(sleeper.link(), None, "a zombie is no process to speak of");
    assert!(open_verified(link.pid, link.start).expect("no error").is_none());
}

#[test]
fn only_the_same_process_is_opened() {
    let sleeper = Sleeper::start("garbage");
    let link = sleeper.link().expect("it runs");
    assert_eq!(tag_of(link.pid), None);
    let held = open_verified(link.pid, link.start).expect("it may be held");
    assert_eq!(held.map(|handle| handle.pid()), Some(link.pid));
    let other = StartMark(link.start.0 + 1);
    assert!(open_verified(link.pid, other).expect("no error").is_none());
    assert!(open_verified(u32::MAX, link.start).expect("no error").is_none());
}

#[test]
fn a_snapshot_has_the_facts_about_a_child() {
    let sleeper = Sleeper::start(&tag().to_string());
    let processes = snapshot(CommandLines::OfCandidates).expect("processes can be listed").processes;
    let of = |pid| processes.iter().find(|process| process.link.pid == pid).expect("it runs");
    let (own, child) = (of(std::process::id()), of(sleeper.0.id()));
    assert_eq!(child.command_line, ["sleep", "30"]);
    assert_eq!(child.user, own.user);
    assert_eq!(child.environment.tag, Some(tag()));
    assert!(own.user.is_some() && child.identified && child.environment.keep);
    assert!(!child.is_node() && !child.hosts_procward && !child.environment.managed_by_node);
    assert!(child.age <= own.age);
}

#[test]
fn command_lines_are_read_of_candidates_or_of_all() {
    let (tagged, stranger) = (Sleeper::start(&tag().to_string()), Sleeper::start("garbage"));
    let of = |sleeper: &Sleeper, command_lines| {
        let processes = snapshot(command_lines).expect("processes can be listed").processes;
        let process = processes.into_iter().find(|process| process.link.pid == sleeper.0.id()).expect("it runs");
        (process.is_candidate(), process.command_line == ["sleep", "30"])
    };
    assert_eq!(of(&tagged, CommandLines::OfCandidates), (true, true));
    assert_eq!(of(&tagged, CommandLines::OfAll), (true, true));
    assert_eq!(of(&stranger, CommandLines::OfAll), (false, true));
    // Systems that list command lines anyway leave none out.
    if cfg!(target_os = "linux") {
        assert_eq!(of(&stranger, CommandLines::OfCandidates), (false, false));
    }
}
