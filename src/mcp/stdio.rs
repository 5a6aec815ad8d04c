//! The SDK's transport over the pipes of a process: for the handshake, and for what the server asks of us.

use super::conversation::Conversation;
use parking_lot::Mutex;
use rmcp::model::{ClientJsonRpcMessage, ServerJsonRpcMessage};
use rmcp::service::RoleClient;
use rmcp::transport::Transport;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

/// How long a server's last words may take to be read when it has closed its output, before its calls are told.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// What the SDK gets of a server.
#[derive(Debug)]
pub struct Messages {
    /// The messages that it has to see.
    pub receiver: mpsc::UnboundedReceiver<ServerJsonRpcMessage>,
    /// Whether the server's standard error has ended.
    pub silent: watch::Receiver<bool>,
}

/// Carries the SDK's messages. A transport that is dropped without being closed gives them back, for a second handshake.
#[derive(Debug)]
pub struct StdioTransport {
    messages: Option<Messages>,
    conversation: Arc<Conversation>,
    returned: Arc<Mutex<Option<Messages>>>,
}

impl StdioTransport {
    /// Takes the messages from where they are returned to.
    pub fn new(returned: &Arc<Mutex<Option<Messages>>>, conversation: &Arc<Conversation>) -> Self {
        let messages = returned.lock().take();
        Self { messages, conversation: Arc::clone(conversation), returned: Arc::clone(returned) }
    }

    fn hand_over(&self, message: &ClientJsonRpcMessage) -> io::Result<()> {
        let mut line = serde_json::to_vec(message)?;
        line.push(b'\n');
        // Whether the server takes it, its answer or its end will tell.
        if self.conversation.write(line) { Ok(()) } else { Err(io::ErrorKind::BrokenPipe.into()) }
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
        let messages = self.messages.as_mut()?;
        if let Some(message) = messages.receiver.recv().await {
            self.conversation.taken();
            return Some(message);
        }
        let _ = timeout(LAST_WORDS, messages.silent.wait_for(|silent| *silent)).await;
        None
    }

    async fn close(&mut self) -> io::Result<()> {
        self.messages = None;
        self.conversation.hang_up();
        Ok(())
    }
}

impl Drop for StdioTransport {
    fn drop(&mut self) {
        *self.returned.lock() = self.messages.take();
    }
}
