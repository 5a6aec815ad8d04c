//! The messages between a client and a server process, over its pipes: the sender of a request writes to the pipe, the
//! reader of the answer settles the call, and no task runs in between.

use crate::mcp::client::Client;
use crate::mcp::error::CallError;
use crate::mcp::jsonrpc::{self, Incoming};
use crate::mcp::request::Request;
use crate::mcp::server_requests::{Inbox, Respond};
use crate::runner::{Backlog, InputSender, Listener, Sent};
use parking_lot::Mutex;
use std::sync::{Arc, Weak};
use tokio::sync::{Notify, watch};

/// The size of the replies that may wait for a server to read them, in bytes. Above that the server's output is not read,
/// so that a server that asks and never reads fills no memory.
const MAX_BACKLOG: usize = 64 * 1024;

/// A client, and the server's standard input and output.
#[derive(Debug)]
pub struct Connection {
    /// The requests in flight.
    pub client: Client,
    input: Mutex<Option<InputSender>>,
    /// The replies that the server has not read.
    replies: Backlog,
    closed: watch::Sender<bool>,
    this: Weak<Self>,
}

impl Connection {
    /// Makes a connection without a server.
    pub fn new(inbox: Option<Inbox>) -> Arc<Self> {
        let (closed, _) = watch::channel(false);
        Arc::new_cyclic(|this| Self {
            client: Client::new(inbox),
            input: Mutex::default(),
            replies: Backlog::default(),
            closed,
            this: Weak::clone(this),
        })
    }

    /// Sets the server's standard input.
    pub fn connect(&self, input: InputSender) {
        *self.input.lock() = Some(input);
    }

    /// Sends a registered request.
    pub fn send(&self, id: i64, request: &Request) {
        // The server's answer or its end tells whether it takes the request.
        self.client.write(id, request, |message, sent| self.write(message, |input, line| input.post(line, sent)));
    }

    /// Sends a message that has no answer.
    pub fn post(&self, message: Vec<u8>) {
        self.write(message, |input, line| input.post(line, Sent::default()));
    }

    /// Gives up a request, and notifies the server if it has seen any of the request.
    pub fn give_up(&self, id: i64, reason: CallError) {
        let Some((settle, is_sent)) = self.client.give_up(id, |sent| self.was_sent(sent)) else { return };
        if is_sent {
            self.post(jsonrpc::cancelled(id, &reason.to_string()));
        }
        settle(Err(reason), is_sent);
    }

    /// Fails all requests, because there are no more answers.
    pub fn shut_down(&self, error: &CallError) {
        self.client.shut_down(error, |sent| self.was_sent(sent));
        self.close_input();
    }

    /// Closes the server's standard input.
    pub fn close_input(&self) {
        *self.input.lock() = None;
    }

    /// Waits until the server has closed its standard output.
    pub async fn closed(&self) {
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Returns whether the server may have seen any of a message. If not, the message is withdrawn and never leaves.
    fn was_sent(&self, sent: &Sent) -> bool {
        let is_withdrawn = self.input.lock().as_ref().is_some_and(|input| input.withdraw(sent));
        !is_withdrawn && sent.is_begun()
    }

    /// Returns the way of a later reply.
    fn responder(&self) -> Respond {
        let this = Weak::clone(&self.this);
        Box::new(move |reply| {
            if let Some(this) = this.upgrade() {
                this.reply(reply);
            }
        })
    }

    fn reply(&self, reply: Vec<u8>) {
        self.write(reply, |input, line| input.post_counted(line, &self.replies));
    }

    /// Hands a message to the server's standard input. Returns `false` when that is closed.
    fn write(&self, mut message: Vec<u8>, post: impl FnOnce(&InputSender, Vec<u8>)) -> bool {
        message.push(b'\n');
        let input = self.input.lock();
        if let Some(input) = &*input {
            post(input, message);
        }
        input.is_some()
    }
}

impl Listener for Connection {
    fn on_line(&self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        for message in jsonrpc::read(line) {
            if matches!(message, Incoming::Invalid) {
                self.client.log.add_invalid(line);
            } else if let Some(reply) = self.client.handle(message, None, || self.responder()) {
                self.reply(reply);
            }
        }
    }

    fn on_end(&self) {
        self.closed.send_replace(true);
    }

    fn is_full(&self) -> bool {
        self.replies.bytes() >= MAX_BACKLOG
    }

    fn drained(&self) -> &Notify {
        self.replies.shrunk()
    }
}

#[cfg(test)]
mod tests;
