//! What is written to a child's standard input, and by whom.

use crate::process::tree::ChildStdin;
use tokio::io::AsyncWriteExt;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

/// Bytes to write, and who waits for them to be written.
type Chunk = (Vec<u8>, oneshot::Sender<()>);

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
        let (written, receiver) = oneshot::channel();
        // A refused chunk takes its `written` with it, which is the failure.
        let _ = self.0.send((bytes, written));
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
            while let Some((bytes, written)) = self.0.recv().await {
                if stdin.write_all(&bytes).await.is_err() {
                    return;
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
