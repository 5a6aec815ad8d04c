use super::*;
use std::io::{PipeReader, Read};
use std::os::fd::OwnedFd;
use std::time::Duration;
use tokio::time::timeout;

/// More than a pipe holds.
const MUCH: usize = 1024 * 1024;

/// Returns the input of a child that has not started, and the pipe that the child would read.
fn child() -> (ChildStdin, PipeReader) {
    let (theirs, ours) = std::io::pipe().expect("a pipe");
    let stdin = std::process::ChildStdin::from(OwnedFd::from(ours));
    (ChildStdin::from_std(stdin).expect("it can be waited for"), theirs)
}

async fn all(mut theirs: PipeReader) -> Vec<u8> {
    let read = tokio::task::spawn_blocking(move || {
        let mut all = Vec::new();
        theirs.read_to_end(&mut all).map(|_| all)
    });
    let read = timeout(Duration::from_secs(30), read).await.expect("it ends");
    read.expect("no panic").expect("it can be read")
}

#[tokio::test]
async fn bytes_that_fit_are_written_at_once() {
    let (sender, input) = input();
    let early = Sent::default();
    sender.post(b"early ".to_vec(), early.clone());
    assert!(!early.is_begun(), "no process reads yet");
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    assert!(sender.write(b"then ".to_vec()).await.is_ok());
    assert!(early.is_begun());
    let late = Sent::default();
    sender.post(b"late".to_vec(), late.clone());
    assert!(late.is_begun(), "without waiting");
    drop(sender);
    assert_eq!(all(theirs).await, b"early then late");
}

#[tokio::test]
async fn bytes_that_do_not_fit_follow_in_order() {
    let (sender, input) = input();
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    let mut chunks: Vec<_> = (0..3).map(|number| sender.write(vec![b'0' + number; MUCH])).collect();
    assert!(chunks[0].try_recv().is_err(), "it is not all in the pipe");
    drop(sender);
    let read = all(theirs).await;
    let expected: Vec<u8> = (0..3).flat_map(|number| vec![b'0' + number; MUCH]).collect();
    assert!(read == expected, "{} bytes", read.len());
    for chunk in chunks {
        assert!(chunk.await.is_ok());
    }
}

#[tokio::test]
async fn only_unwritten_bytes_can_be_withdrawn() {
    let (sender, input) = input();
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    let (begun, waiting) = (Sent::default(), Sent::default());
    sender.post(vec![b'a'; MUCH], begun.clone());
    sender.post(b"b".to_vec(), waiting.clone());
    assert!(begun.is_begun() && !waiting.is_begun());
    assert!(!sender.withdraw(&begun), "a part of it is in the pipe");
    assert!(sender.withdraw(&waiting));
    assert!(!sender.withdraw(&waiting), "it is no longer there");
    assert!(!sender.withdraw(&Sent::default()));
    drop(sender);
    assert_eq!(all(theirs).await.len(), MUCH);
    assert!(!waiting.is_begun());
}

#[tokio::test]
async fn all_writes_fail_after_the_reader_has_closed() {
    // First the child closes its input, then we do, then the child never starts.
    for how in 0..3 {
        let (sender, input) = input();
        let (stdin, theirs) = child();
        let waiting = sender.write(vec![0; MUCH]);
        let feeding = match how {
            0 => {
                drop(theirs);
                Some(input.feed(stdin))
            }
            1 => {
                let feeding = input.feed(stdin);
                tokio::task::yield_now().await;
                feeding.stop();
                Some(feeding)
            }
            _ => {
                drop(input);
                None
            }
        };
        assert!(timeout(Duration::from_secs(30), waiting).await.expect("it is told").is_err(), "{how}");
        assert!(sender.write(b"x".to_vec()).await.is_err(), "{how}");
        drop(feeding);
    }
}

#[tokio::test]
async fn an_empty_write_completes() {
    let (sender, input) = input();
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    assert!(sender.write(Vec::new()).await.is_ok());
    drop(sender);
    assert_eq!(all(theirs).await, b"");
}

#[tokio::test]
async fn posts_of_one_turn_are_written_together_when_it_ends() {
    let (sender, input) = input();
    let (stdin, mut theirs) = child();
    let _feeding = input.feed(stdin);
    let (one, two, withdrawn) = (Sent::default(), Sent::default(), Sent::default());
    corked(|| {
        sender.post(b"one ".to_vec(), one.clone());
        corked(|| sender.post(b"two ".to_vec(), two.clone()));
        sender.post(b"never ".to_vec(), withdrawn.clone());
        assert!(!one.is_begun(), "nothing leaves before the end of the turn");
        assert!(sender.withdraw(&withdrawn));
    });
    assert!(one.is_begun() && two.is_begun() && !withdrawn.is_begun());
    let mut read = [0; 64];
    let length = theirs.read(&mut read).expect("one write");
    assert_eq!(&read[..length], b"one two ");
    drop(sender);
    assert_eq!(all(theirs).await, b"");
}

#[tokio::test]
async fn a_turn_with_many_posts_does_not_hold_them_back() {
    let (sender, input) = input();
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    let large = Sent::default();
    corked(|| {
        sender.post(vec![b'0'; MUCH], large.clone());
        assert!(large.is_begun(), "a large message leaves at once");
        sender.post(b"1".to_vec(), Sent::default());
    });
    drop(sender);
    let read = all(theirs).await;
    assert_eq!((read.len(), read.last()), (MUCH + 1, Some(&b'1')), "in order");
}

#[test]
fn a_panic_in_a_turn_loses_no_post() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _entered = runtime.enter();
    let (sender, input) = input();
    let (stdin, theirs) = child();
    let _feeding = input.feed(stdin);
    let sent = Sent::default();
    let posted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        corked(|| {
            sender.post(b"one".to_vec(), sent.clone());
            panic!("a listener's bug");
        })
    }));
    assert!(posted.is_err() && sent.is_begun());
    drop(theirs);
}
