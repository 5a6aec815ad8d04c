//! Bytes on the way to a child.

use super::backlog::Share;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::oneshot;

/// A flag: the child may have seen some of the bytes.
#[derive(Debug, Clone, Default)]
pub struct Sent(Arc<AtomicBool>);

impl Sent {
    /// Returns whether some of the bytes are in the pipe.
    pub fn is_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Returns whether both are about the same bytes.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Notes that some of the bytes were written.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Notes that none of the bytes can have arrived after all.
    pub fn revoke(&self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Bytes to write.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub bytes: Vec<u8>,
    /// The number of bytes that were written.
    pub from: usize,
    /// Notified when all bytes were written.
    pub written: Option<oneshot::Sender<()>>,
    pub sent: Sent,
    /// Given back when the chunk is written or dropped.
    pub share: Option<Share>,
}

impl Chunk {
    /// Returns the bytes that were not written.
    pub fn rest(&self) -> &[u8] {
        &self.bytes[self.from..]
    }

    /// Writes as many bytes as possible at once. Returns whether all were written.
    pub fn write(&mut self, mut write: impl FnMut(&[u8]) -> io::Result<usize>) -> io::Result<bool> {
        while self.from < self.bytes.len() {
            match write(self.rest()) {
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {
                    return Ok(false);
                }
                written => self.advance(written)?,
            };
        }
        Ok(true)
    }

    /// Notes written bytes. Returns whether all were written.
    pub fn advance(&mut self, written: io::Result<usize>) -> io::Result<bool> {
        match written? {
            0 if self.from < self.bytes.len() => return Err(io::ErrorKind::WriteZero.into()),
            0 => {}
            length => {
                self.from += length;
                self.sent.begin();
            }
        }
        Ok(self.from == self.bytes.len())
    }

    pub fn done(self) {
        drop(self.share);
        if let Some(written) = self.written {
            let _ = written.send(());
        }
    }
}
