//! What a command leaves behind when it exits does not outlive the call.

#![cfg(target_os = "linux")]

#[path = "support/processes.rs"]
mod processes;
mod support;

use processes::{alive, pids};
use procward::process::tree::ExitStatus;
use procward::registry::EndRequest;
use std::process::Command;
use support::{outcome, script};

const FINE: ExitStatus = ExitStatus { code: Some(0), signal: None };
/// For a child that holds none of its parent's outputs open.
const CLOSED: &str = "</dev/null >/dev/null 2>&1";

/// Runs a script that writes the pids of what it leaves behind, and exits.
async fn assert_nothing_is_left(leaving: &str) {
    let outcome = outcome(script(leaving), EndRequest::default()).await;
    assert_eq!((outcome.exit_status, outcome.end_reason), (FINE, None));
    let left = pids(&outcome.stdout);
    assert!(!left.is_empty());
    let alive = alive(&left);
    for pid in &alive {
        // The test has failed; what escaped must not stay.
        let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
    }
    assert_eq!(alive, Vec::<u32>::new(), "{leaving}");
}

#[tokio::test]
async fn a_background_child() {
    assert_nothing_is_left(&format!("sleep 60 {CLOSED} & echo $!")).await;
}

#[tokio::test]
async fn one_that_keeps_the_outputs_open() {
    assert_nothing_is_left("sleep 60 & echo $!").await;
}

#[tokio::test]
async fn one_that_ignores_sigterm_and_its_own_child() {
    let stubborn = "trap \"\" TERM; sleep 60 & echo $! >&3; while :; do sleep 0.02; done";
    assert_nothing_is_left(&format!("exec 3>&1; sh -c '{stubborn}' {CLOSED} & echo $!; sleep 0.2")).await;
}

#[tokio::test]
async fn one_in_its_group_without_its_environment() {
    assert_nothing_is_left(&format!("env -i sleep 60 {CLOSED} & echo $!")).await;
}

#[tokio::test]
async fn a_daemon_that_keeps_the_outputs_open() {
    assert_nothing_is_left("(setsid sh -c 'echo $$; exec sleep 60' &); sleep 0.2").await;
}
