//! The SDK's transport over the pipes of a tracked process.

use super::traffic::Traffic;
use super::wire::{self, Incoming};
use crate::runner::{Line, Pipes, Sent, Stream};
use parking_lot::Mutex;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::RoleClient;
use rmcp::transport::Transport;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Carries the SDK's messages. A transport that is dropped without being closed gives the pipes back, for a second handshake.
#[derive(Debug)]
pub struct StdioTransport {
    pipes: Option<Pipes>,
    unread: VecDeque<Line>,
    traffic: Arc<Traffic>,
    returned: Arc<Mutex<Option<Pipes>>>,
}

impl StdioTransport {
    /// Takes the pipes from where they are returned to.
    pub fn new(returned: &Arc<Mutex<Option<Pipes>>>, traffic: &Arc<Traffic>) -> Self {
        let pipes = returned.lock().take();
        Self { pipes, unread: VecDeque::new(), traffic: Arc::clone(traffic), returned: Arc::clone(returned) }
    }

    fn read(&self, line: &Line) -> Option<ServerJsonRpcMessage> {
        if line.bytes.iter().all(u8::is_ascii_whitespace) {
            return None;
        }
        if line.stream == Stream::Stderr {
            self.traffic.tail.lock().push(&line.bytes);
            return None;
        }
        let incoming = wire::read(&line.bytes, |number| self.traffic.awaited(number));
        if matches!(incoming, Incoming::Garbage) {
            self.traffic.garbage.fetch_add(1, Ordering::Relaxed);
            self.traffic.tail.lock().push(&line.bytes);
        }
        self.traffic.sort(incoming)
    }
}

impl Transport<RoleClient> for StdioTransport {
    type Error = io::Error;

    fn send(&mut self, message: ClientJsonRpcMessage) -> impl Future<Output = io::Result<()>> + Send + 'static {
        // Handed over at once, so that messages leave in the order in which they were sent.
        let sent = self.hand_over(&message);
        async move { sent }
    }

    async fn receive(&mut self) -> Option<ServerJsonRpcMessage> {
        loop {
            while let Some(line) = self.unread.pop_front() {
                if let Some(message) = self.read(&line) {
                    return Some(message);
                }
            }
            self.unread.extend(self.pipes.as_mut()?.lines.recv().await?);
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        self.pipes = None;
        Ok(())
    }
}

impl StdioTransport {
    fn hand_over(&self, message: &ClientJsonRpcMessage) -> io::Result<()> {
        let pipes = self.pipes.as_ref().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = wire::write(message)?;
        line.push(b'\n');
        let sent = self.traffic.outgoing(message).map_or_else(Sent::default, |exchange| exchange.sent().clone());
        // Whether the server takes it, its answer or its end will tell.
        drop(pipes.input.write_marking(line, sent));
        Ok(())
    }
}

impl Drop for StdioTransport {
    fn drop(&mut self) {
        *self.returned.lock() = self.pipes.take();
    }
}
