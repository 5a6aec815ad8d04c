//! Children that start while the caller waits, with the caller's descriptors.
#![cfg(target_os = "linux")]

#[expect(dead_code, reason = "no call runs here")]
mod support;

use procward::process::tree::{ExitStatus, Placement, ProcessGroup, Refusal, Spec};
use procward::registry::{EndReason, Label};
use procward::runner::Child;
use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;
use support::{REGISTRY, script};
use tokio::sync::oneshot;

fn start(
    spec: &Spec,
    placement: &Placement,
    descriptors: &[Option<BorrowedFd>],
) -> Result<(Child, oneshot::Receiver<ExitStatus>), Refusal> {
    let (sender, exit) = oneshot::channel();
    let notify = move |status| {
        let _ = sender.send(status);
    };
    Ok((Child::start(&REGISTRY, spec, Label::default(), placement, descriptors, notify)?, exit))
}

fn output() -> (PipeReader, PipeWriter) {
    pipe().expect("there are descriptors")
}

/// Waits until no process has the output any more.
async fn ends(mut output: PipeReader) {
    let rest = tokio::task::spawn_blocking(move || output.read_to_end(&mut Vec::new()));
    tokio::time::timeout(Duration::from_secs(30), rest)
        .await
        .expect("the rest ends")
        .expect("it reads")
        .expect("it ends");
}

#[tokio::test]
async fn a_child_has_the_given_descriptors_and_no_others_of_ours() {
    let (mut read, write) = output();
    let spec = script("echo third >&5; ls /proc/self/fd | tr '\\n' ' ' >&5; exit 7").spec;
    let streams = [None, None, Some(write.as_fd()), None, None, Some(write.as_fd())];
    let (_child, exit) = start(&spec, &Placement::default(), &streams).expect("there is a shell");
    drop(write);
    let mut text = String::new();
    read.read_to_string(&mut text).expect("the child closes its end");
    let (first, open) = text.split_once('\n').expect("there are two lines");
    assert_eq!(first, "third");
    let open: Vec<&str> = open.split_whitespace().collect();
    assert!(open.contains(&"2") && open.contains(&"5") && !open.contains(&"4"), "{open:?}");
    assert_eq!(exit.await.expect("a child exits").code, Some(7));
}

#[tokio::test]
async fn a_command_that_is_missing_has_the_error_of_the_system() {
    let mut spec = script("").spec;
    spec.command = "/nowhere/at all".into();
    let Err(Refusal::Command(error)) = start(&spec, &Placement::default(), &[]) else { panic!("it has started") };
    assert_eq!(error.raw_os_error(), Some(libc::ENOENT));
    assert!(REGISTRY.get(spec.number).is_none(), "nothing is listed");
}

#[tokio::test]
async fn a_signal_reaches_the_root_and_then_its_rest_ends() {
    let (mut read, write) = output();
    let spec = script("sleep 100 & echo $!; wait").spec;
    let shared = Placement { group: ProcessGroup::Shared, ..Placement::default() };
    let streams = [None, Some(write.as_fd()), None];
    let (child, exit) = start(&spec, &shared, &streams).expect("there is a shell");
    drop(write);
    let mut first = [0];
    read.read_exact(&mut first).expect("the child writes a pid");
    child.signal(0).expect("it runs");
    child.signal(libc::SIGTERM).expect("it runs");
    assert_eq!(exit.await.expect("a child exits").signal, Some(libc::SIGTERM));
    let error = child.signal(libc::SIGTERM).expect_err("its pid may mean another process");
    assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    // The sleeping process has the output, and ends with the tree.
    ends(read).await;
}

#[tokio::test]
async fn any_signal_reaches_the_root() {
    for number in [libc::SIGPIPE, libc::SIGTTIN, libc::SIGUSR1] {
        let (mut read, write) = output();
        let spec = script(&format!("trap 'exit 7' {number}; echo up; while :; do sleep 0.01; done")).spec;
        let streams = [None, Some(write.as_fd())];
        let (child, exit) = start(&spec, &Placement::default(), &streams).expect("there is a shell");
        drop(write);
        read.read_exact(&mut [0]).expect("the child writes");
        child.signal(number).expect("it runs");
        assert_eq!(exit.await.expect("a child exits").code, Some(7), "{number}");
    }
}

#[tokio::test]
async fn the_exit_of_a_signaled_root_is_reported_though_the_warden_was_stopped() {
    let (mut read, write) = output();
    let spec = script("trap 'echo 2; sleep 0.3; exit 7' TERM; echo 1; while :; do sleep 0.01; done").spec;
    let (child, exit) = start(&spec, &Placement::default(), &[None, Some(write.as_fd())]).expect("there is a shell");
    drop(write);
    let mut line = [0; 2];
    read.read_exact(&mut line).expect("the child writes");
    child.signal(libc::SIGTERM).expect("it runs");
    read.read_exact(&mut line).expect("the child has the signal");
    signal_warden(&spec, rustix::process::Signal::STOP);
    let exit = tokio::time::timeout(Duration::from_secs(30), exit).await.expect("its exit is reported");
    assert_eq!(exit.expect("a child exits").code, Some(7));
}

#[tokio::test]
async fn a_signal_that_comes_after_the_exit_of_the_root_ends_its_rest() {
    let (read, write) = output();
    let spec = script("sleep 100 & exit 7").spec;
    let (child, exit) = start(&spec, &Placement::default(), &[None, Some(write.as_fd())]).expect("there is a shell");
    drop(write);
    assert_eq!(exit.await.expect("a child exits").code, Some(7));
    let error = child.signal(libc::SIGTERM).expect_err("the root has exited");
    assert_eq!(error.raw_os_error(), Some(libc::ESRCH));
    ends(read).await;
}

fn signal_warden(spec: &Spec, signal: rustix::process::Signal) {
    let warden = REGISTRY.get(spec.number).and_then(|entry| entry.topmost_pid).expect("the tree runs");
    let warden = rustix::process::Pid::from_raw(warden.cast_signed()).expect("a pid");
    rustix::process::kill_process(warden, signal).expect("the warden runs");
}

#[tokio::test]
async fn the_death_of_the_warden_ends_the_tree() {
    let (mut read, write) = output();
    let spec = script("setsid sleep 100 & echo started; wait").spec;
    let (_child, exit) = start(&spec, &Placement::default(), &[None, Some(write.as_fd())]).expect("there is a shell");
    drop(write);
    read.read_exact(&mut [0]).expect("the child writes");
    signal_warden(&spec, rustix::process::Signal::KILL);
    assert_eq!(exit.await.expect("a child exits").signal, Some(libc::SIGKILL));
    ends(read).await;
    let is_listed = || async {
        while REGISTRY.get(spec.number).is_some() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_listed()).await.expect("the tree is listed no more");
}

#[tokio::test]
async fn what_the_root_leaves_behind_stays_until_the_end_of_the_tree_is_requested() {
    let (read, write) = output();
    let spec = script("sleep 100 &").spec;
    let (child, exit) = start(&spec, &Placement::default(), &[None, Some(write.as_fd())]).expect("there is a shell");
    drop(write);
    assert_eq!(exit.await.expect("a child exits").code, Some(0));
    assert!(REGISTRY.get(spec.number).is_some(), "the tree still runs");
    child.terminate(EndReason::Shutdown, None);
    ends(read).await;
}
