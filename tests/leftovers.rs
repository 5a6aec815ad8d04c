//! Processes that a command leaves behind at its exit do not outlive the call.

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
/// Redirections for a child that holds none of its parent's outputs open.
const CLOSED: &str = "</dev/null >/dev/null 2>&1";

/// Runs a script that writes the pids of the processes that it leaves behind, and exits.
async fn assert_no_process_remains(leaving: &str) {
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
async fn a_background_child_does_not_outlive_the_call() {
    assert_no_process_remains(&format!("sleep 60 {CLOSED} & echo $!")).await;
}

#[tokio::test]
async fn a_child_that_keeps_the_outputs_open_does_not_outlive_the_call() {
    assert_no_process_remains("sleep 60 & echo $!").await;
}

#[tokio::test]
async fn a_child_that_ignores_sigterm_does_not_outlive_the_call() {
    let stubborn = "trap \"\" TERM; sleep 60 & echo $! >&3; while :; do sleep 0.02; done";
    assert_no_process_remains(&format!("exec 3>&1; sh -c '{stubborn}' {CLOSED} & echo $!; sleep 0.2")).await;
}

#[tokio::test]
async fn a_child_without_its_environment_does_not_outlive_the_call() {
    assert_no_process_remains(&format!("env -i sleep 60 {CLOSED} & echo $!")).await;
}

#[tokio::test]
async fn a_daemon_that_keeps_the_outputs_open_does_not_outlive_the_call() {
    assert_no_process_remains("(setsid sh -c 'echo $$; exec sleep 60' &); sleep 0.2").await;
}
