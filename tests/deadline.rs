//! Deadlines and graces in virtual time: an hour passes as soon as every task waits.

#![cfg(unix)]

mod support;

use procward::process::tree::ExitStatus;
use procward::registry::{EndReason, EndRequest};
use procward::runner::{Call, Lines, Outlets};
use std::time::Duration;
use support::{outcome, script};
use tokio::sync::mpsc;
use tokio::time::Instant;

const HOUR: Duration = Duration::from_hours(1);

/// Runs in real time, because with a paused clock the grace would pass while the processes still exit.
#[tokio::test]
async fn a_tree_is_terminated_at_its_deadline_and_not_before() {
    let start = Instant::now();
    let limit = Duration::from_millis(100);
    let call = Call { timeout: Some(limit), kill_grace: HOUR, ..script("sleep 60 & exec sleep 60") };
    let outcome = outcome(call, EndRequest::default()).await;
    assert_eq!(
        (outcome.end_reason, outcome.exit_status),
        (Some(EndReason::Timeout), ExitStatus { code: None, signal: Some(15) })
    );
    assert!(start.elapsed() >= limit);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_a_deadline_is_not_terminated() {
    for timeout in [None, Some(Duration::MAX)] {
        let call = Call { timeout, ..script("sleep 0.1; exit 3") };
        let outcome = outcome(call, EndRequest::default()).await;
        assert_eq!((outcome.end_reason, outcome.exit_status.code), (None, Some(3)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_command_that_ignores_sigterm_gets_the_whole_grace() {
    let end = EndRequest::default();
    let (lines, mut told) = mpsc::channel(16);
    let call = script("trap '' TERM; echo ready; while :; do sleep 0.02; done");
    let call = Call { kill_grace: HOUR, lines: Some(Lines::Together(lines, Outlets::of_lines())), ..call };
    let start = Instant::now();
    let request = async {
        told.recv().await.expect("it gets ready");
        end.request(EndReason::Aborted, None);
    };
    let (outcome, ()) = tokio::join!(outcome(call, end.clone()), request);
    assert_eq!(outcome.exit_status.signal, Some(9));
    assert!(start.elapsed() >= HOUR);
}

#[tokio::test(start_paused = true)]
async fn a_call_waits_for_an_open_output_as_long_as_the_grace() {
    let call = Call { kill_grace: HOUR, ..script("sleep 60 & echo early") };
    let start = Instant::now();
    let outcome = outcome(call, EndRequest::default()).await;
    assert_eq!((outcome.end_reason, outcome.exit_status.code, outcome.stdout), (None, Some(0), b"early\n".to_vec()));
    assert!(start.elapsed() >= HOUR);
}

#[tokio::test]
async fn a_deadline_counts_while_an_output_stays_open() {
    let call = script("sleep 60 & echo early");
    let call = Call { kill_grace: HOUR, timeout: Some(Duration::from_millis(300)), ..call };
    let outcome = outcome(call, EndRequest::default()).await;
    assert_eq!((outcome.end_reason, outcome.exit_status.code), (Some(EndReason::Timeout), Some(0)));
}
