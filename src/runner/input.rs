//! What is written to a child's standard input, and by whom.

use crate::process::tree::ChildStdin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// Whether the child may have seen any of some bytes.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Whether a part of them is in the pipe.
    pub fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Notes that a part of them has left.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Bytes to write, who waits for them to be written, and whether that has begun.
#[derive(Debug)]
struct Chunk {
    bytes: Vec<u8>,
    written: oneshot::Sender<()>,
    sent: Sent,
}

/// The writing end; the child's input ends when it is dropped.
#[derive(Debug, Clone)]
pub struct InputSender(mpsc::UnboundedSender<Chunk>);

/// The end that feeds the child.
#[derive(Debug)]
pub struct Input(mpsc::UnboundedReceiver<Chunk>);

/// A way to write to a child that may not have started yet.
pub fn input() -> (InputSender, Input) {
    let (sender, receiver) = mpsc::unbounded_channel();
    (InputSender(sender), Input(receiver))
}

impl InputSender {
    /// Hands bytes over. The receiver hears when they are in the pipe, and fails when nobody reads it any more.
    pub fn write(&self, bytes: Vec<u8>) -> oneshot::Receiver<()> {
        self.write_marking(bytes, Sent::default())
    }

    /// The same; `sent` tells from when on the child may have seen some of it, also when it fails.
    pub fn write_marking(&self, bytes: Vec<u8>, sent: Sent) -> oneshot::Receiver<()> {
        let (written, receiver) = oneshot::channel();
        // A refused chunk takes its `written` with it, which is the failure.
        let _ = self.0.send(Chunk { bytes, written, sent });
        receiver
    }
}

/// Feeds a child until its input ends or it stops reading.
#[derive(Debug)]
pub struct Feeding(AbortHandle);

impl Input {
    /// Starts to feed.
    pub fn feed(mut self, mut stdin: ChildStdin) -> Feeding {
        let task = tokio::spawn(async move {
            while let Some(Chunk { bytes, written, sent }) = self.0.recv().await {
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    match stdin.write(rest).await {
                        Ok(length @ 1..) => rest = &rest[length..],
                        _ => return,
                    }
                    sent.begin();
                }
                let _ = written.send(());
            }
        });
        Feeding(task.abort_handle())
    }
}

impl Feeding {
    /// Closes the child's input.
    pub fn stop(&self) {
        self.0.abort();
    }
}

impl Drop for Feeding {
    fn drop(&mut self) {
        self.stop();
    }
}
