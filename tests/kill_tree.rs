//! A request to end a tree ends the whole tree once, at any time and however often it is made.

#![cfg(unix)]

#[path = "support/processes.rs"]
mod processes;
mod support;

use processes::{alive, pids};
use procward::process::tree::ExitStatus;
use procward::registry::{EndReason, EndRequest, Registry};
use procward::runner::{Call, Line, Lines, Outlets};
use std::time::Duration;
use support::{outcome, script};
use tokio::sync::mpsc;

const TERMINATED: ExitStatus = ExitStatus { code: None, signal: Some(15) };
const KILLED: ExitStatus = ExitStatus { code: None, signal: Some(9) };

/// Passes on the call's first line, which tells that the call is ready.
fn with_receiver(call: Call) -> (Call, mpsc::Receiver<Vec<Line>>) {
    let (lines, told) = mpsc::channel(16);
    (Call { lines: Some(Lines::Together(lines, Outlets::of_lines())), ..call }, told)
}

#[tokio::test]
async fn a_request_before_the_start_terminates_the_tree_at_once() {
    let end = EndRequest::default();
    end.request(EndReason::Shutdown, None);
    let outcome = outcome(script("sleep 60 & sleep 60"), end).await;
    assert_eq!(outcome.end_reason, Some(EndReason::Shutdown));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_of_many_reasons_stands() {
    let end = EndRequest::default();
    let (call, mut told) = with_receiver(script("trap '' TERM; echo ready; while :; do sleep 0.02; done"));
    let requests = async {
        told.recv().await.expect("it gets ready");
        end.request(EndReason::Cleanup, None);
        for _ in 0..8 {
            let end = end.clone();
            tokio::spawn(async move {
                (0..1000).for_each(|_| end.request(EndReason::Aborted, Some(Duration::MAX)));
            });
        }
    };
    let (outcome, ()) = tokio::join!(outcome(call, end.clone()), requests);
    assert_eq!((outcome.end_reason, outcome.exit_status), (Some(EndReason::Cleanup), KILLED));
    end.wait().await;
}

#[tokio::test]
async fn the_grace_of_a_request_overrides_that_of_the_call() {
    let end = EndRequest::default();
    let (call, mut told) = with_receiver(script("trap '' TERM; echo ready; while :; do sleep 0.02; done"));
    let call = Call { kill_grace: Duration::MAX, ..call };
    let request = async {
        told.recv().await.expect("it gets ready");
        end.request(EndReason::Aborted, Some(Duration::from_millis(10)));
    };
    let (outcome, ()) = tokio::join!(outcome(call, end.clone()), request);
    assert_eq!(outcome.exit_status, KILLED);
}

#[tokio::test]
async fn a_request_waits_until_the_last_member_has_exited() {
    let end = EndRequest::default();
    let (call, mut told) =
        with_receiver(script("(trap '' TERM; while :; do sleep 0.02; done) & echo $!; exec sleep 60"));
    let watching = async {
        let member = pids(&told.recv().await.expect("it tells its child")[0].bytes);
        end.request(EndReason::Aborted, None);
        end.wait().await;
        assert_eq!(alive(&member), Vec::<u32>::new());
    };
    let (outcome, ()) = tokio::join!(outcome(call, end.clone()), watching);
    assert_eq!(outcome.exit_status, TERMINATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_trees_are_terminated_at_once_and_each_kills_its_own() {
    let survivor = EndRequest::default();
    let (call, mut told) = with_receiver(script("setsid sleep 60 & echo $!; wait"));
    let kept = tokio::spawn(outcome(call, survivor.clone()));
    let kept_child = pids(&told.recv().await.expect("it tells its child")[0].bytes);

    let trees = (0..20).map(|_| {
        let call = script("sleep 60 & echo $!; (setsid sh -c 'echo $$; exec sleep 60' &); echo $$; wait");
        let call = Call { timeout: Some(Duration::from_millis(500)), ..call };
        tokio::spawn(outcome(call, EndRequest::default()))
    });
    for tree in trees.collect::<Vec<_>>() {
        let outcome = tree.await.expect("no panic");
        assert_eq!(outcome.end_reason, Some(EndReason::Timeout));
        let members = pids(&outcome.stdout);
        assert_eq!(members.len(), 3);
        assert_eq!(alive(&members), Vec::<u32>::new());
    }
    assert_eq!(alive(&kept_child), kept_child);
    survivor.request(EndReason::Shutdown, None);
    assert_eq!(kept.await.expect("no panic").end_reason, Some(EndReason::Shutdown));
}

#[test]
fn no_two_trees_of_a_process_have_the_same_number() {
    let (one, other) = (Registry::default(), Registry::default());
    assert_ne!(one.next_number(), other.next_number());
}
