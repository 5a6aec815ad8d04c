//! Outputs are kept up to their limit, and lines wait for their receiver.

#![cfg(unix)]

mod support;

use procward::registry::{EndReason, EndRequest};
use procward::runner::{Call, Line, Lines, Outcome, Outlets};
use std::time::Duration;
use support::{outcome, script};
use tokio::sync::mpsc;
use tokio::time::sleep;

async fn bounded(text: &str, max_buffer: usize) -> Outcome {
    let call = Call { max_buffer, ..script(text) };
    outcome(call, EndRequest::default()).await
}

#[tokio::test]
async fn an_output_may_reach_the_limit_and_one_byte_more_terminates_the_tree() {
    for length in [1, 65_536, 65_537, 1_000_000] {
        let fine = bounded(&format!("head -c {length} /dev/zero"), length).await;
        assert_eq!((fine.end_reason, fine.stdout.len()), (None, length));
        let over = bounded(&format!("head -c {} /dev/zero; exec >&-; sleep 60", length + 1), length).await;
        assert_eq!((over.end_reason, over.stdout.len()), (Some(EndReason::MaxBuffer), length));
    }
}

#[tokio::test]
async fn endless_outputs_are_bounded() {
    let outcome = bounded("yes & yes >&2", 100_000).await;
    assert_eq!(outcome.end_reason, Some(EndReason::MaxBuffer));
    assert!(outcome.stdout.len() <= 100_000 && outcome.stderr.len() <= 100_000);
}

fn with_lines(call: Call) -> (Call, mpsc::Receiver<Vec<Line>>) {
    let (lines, receiver) = mpsc::channel(16);
    (Call { lines: Some(Lines::Together(lines, Outlets::of_lines())), ..call }, receiver)
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_gets_all_lines() {
    let (call, mut lines) = with_lines(script("seq 5000"));
    let receiving = async {
        let mut received = 0;
        while let Some(read) = lines.recv().await {
            received += read.len();
            sleep(Duration::from_hours(1)).await;
        }
        received
    };
    let (outcome, received) = tokio::join!(outcome(call, EndRequest::default()), receiving);
    assert_eq!((outcome.end_reason, outcome.exit_status.code, received), (None, Some(0), 5000));
}

#[tokio::test]
async fn a_command_waits_for_a_receiver_that_does_not_read() {
    let end = EndRequest::default();
    let written = "i=0; while :; do i=$((i+1)); echo 0123456789; echo $i >&2; done";
    let (call, mut lines) = with_lines(script(written));
    let waiting = async {
        let first = lines.recv().await;
        assert!(first.is_some());
        while lines.len() < lines.max_capacity() {
            sleep(Duration::from_millis(5)).await;
        }
        end.request(EndReason::Aborted, None);
        end.wait().await;
        let mut left = 0;
        while lines.recv().await.is_some() {
            left += 1;
        }
        left
    };
    let (outcome, left) = tokio::join!(outcome(call, end.clone()), waiting);
    assert_eq!(outcome.end_reason, Some(EndReason::Aborted));
    assert!(left >= 16, "{left}");
}

#[tokio::test]
async fn a_command_without_a_receiver_runs_to_its_end() {
    let (call, lines) = with_lines(script("seq 200000; exit 3"));
    drop(lines);
    let outcome = outcome(call, EndRequest::default()).await;
    assert_eq!((outcome.end_reason, outcome.exit_status.code), (None, Some(3)));
}
