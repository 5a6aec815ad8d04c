//! The JSON-RPC client: request ids, answers, progress, and the requests of the server. It is the same for every transport.

use super::error::CallError;
use super::events::Events;
use super::jsonrpc::{self, Id, Incoming};
use super::request::{Listeners, Outcome, Request, Settle};
use super::server_log::ServerLog;
use super::server_requests::{Inbox, Respond};
use crate::runner::Sent;
use parking_lot::Mutex;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

/// One side of a session: the requests in flight and the server's log.
#[derive(Default)]
pub struct Client {
    state: Mutex<State>,
    /// The lines that the server writes besides its answers.
    pub log: Arc<ServerLog>,
    unanswered: AtomicU32,
    /// The requests of the server that JavaScript answers, if it answers any.
    inbox: Option<Inbox>,
    /// True if the server works without a handshake.
    is_stateless: AtomicBool,
    /// The notifications for JavaScript.
    events: OnceLock<Arc<Events>>,
    /// The outcome of the handshake, as JSON text.
    info: OnceLock<String>,
}

#[derive(Default)]
struct State {
    last: i64,
    in_flight: HashMap<i64, InFlight>,
    /// The members of each request's `_meta`, as JSON text.
    meta: String,
    /// The member of `_meta` for the level of log messages, behind a comma.
    log_level: String,
    /// The reason why there are no more answers.
    end: Option<CallError>,
}

/// A request that has not been answered.
struct InFlight {
    settle: Settle,
    listeners: Listeners,
    sent: Sent,
}

impl Client {
    /// Makes a client whose server may ask what the inbox takes.
    pub fn new(inbox: Option<Inbox>) -> Self {
        Self { inbox, ..Self::default() }
    }

    /// Talks to a server without a handshake from now on. Each request gets these members of `_meta`, as JSON text.
    pub fn set_stateless(&self, meta: String) {
        self.state.lock().meta = meta;
        self.is_stateless.store(true, Ordering::Release);
    }

    /// Returns whether the server works without a handshake.
    pub fn is_stateless(&self) -> bool {
        self.is_stateless.load(Ordering::Acquire)
    }

    /// Passes notifications of the server on from now on.
    pub fn set_events(&self, events: &Arc<Events>) {
        let _ = self.events.set(Arc::clone(events));
    }

    /// Keeps the outcome of the handshake: the version that was agreed on, and the server's result as JSON text.
    pub fn set_info(&self, version: &str, result: &str) {
        let _ = self.info.set(format!(r#"{{"protocolVersion":{},"result":{result}}}"#, jsonrpc::quoted(version)));
    }

    /// Returns the outcome of the handshake, as JSON text.
    pub fn info(&self) -> String {
        self.info.get().cloned().unwrap_or_else(|| "{}".to_owned())
    }

    /// Names the level of log messages in the `_meta` of each request from now on.
    pub fn set_log_level(&self, level: &str) {
        self.state.lock().log_level = format!(r#","io.modelcontextprotocol/logLevel":{}"#, jsonrpc::quoted(level));
    }

    /// Gives a request its id.
    ///
    /// # Errors
    /// The reason why there are no more answers, with `settle` unused.
    pub fn register(&self, listeners: Listeners, settle: Settle) -> Result<i64, (CallError, Settle)> {
        let mut state = self.state.lock();
        if let Some(error) = &state.end {
            return Err((error.clone(), settle));
        }
        state.last += 1;
        let id = state.last;
        state.in_flight.insert(id, InFlight { settle, listeners, sent: Sent::default() });
        Ok(id)
    }

    /// Writes a registered request and hands it to `post`, unless the request has been given up meanwhile. Giving up waits
    /// for `post`, so that a request never leaves after that.
    ///
    /// `post` returns whether it took the request. The answer waits until the listener has been called.
    pub fn write(&self, id: i64, request: &Request, post: impl FnOnce(Vec<u8>, Sent) -> bool) {
        let state = self.state.lock();
        let Some(in_flight) = state.in_flight.get(&id) else { return };
        let token =
            in_flight.listeners.progress.as_ref().map(|_| format!(r#""progressToken":{id}"#)).unwrap_or_default();
        let separator = if token.is_empty() || state.meta.is_empty() { "" } else { "," };
        let meta = format!("{token}{separator}{}{}", state.meta, state.log_level);
        let is_taken = post(jsonrpc::request(id, request, &meta), in_flight.sent.clone());
        if is_taken && let Some(on_sent) = &in_flight.listeners.sent {
            on_sent();
        }
    }

    /// Handles a message from the server. Returns the reply to send back, if the message is a request that is answered at
    /// once. `respond` makes the way of a later reply. `cause` is the request of ours that a request of the server is for;
    /// without it, the server's request may be for each one in flight.
    pub fn handle(&self, incoming: Incoming, cause: Option<i64>, respond: impl FnOnce() -> Respond) -> Option<Vec<u8>> {
        if let Incoming::Notification { method, params } = &incoming {
            self.announce(method, params.as_deref());
        }
        match incoming {
            Incoming::Response { id: Id::Number(id), outcome } => self.answer(id, outcome),
            // Over pipes nothing tells which request such an error is about. The log shows it when a call times out.
            Incoming::Response { outcome: Err(error), .. } => self.log.add(error.to_string().as_bytes()),
            Incoming::Request { id, method, .. } if method == "ping" => return Some(jsonrpc::pong(&id)),
            Incoming::Request { id, method, params } => return self.take(id, method, params, cause, respond),
            Incoming::Notification { method, params: Some(params) } => match method.as_str() {
                "notifications/progress" => self.report_progress(params),
                "notifications/message" => self.log.add(params.as_bytes()),
                "notifications/cancelled" => self.withdraw(&params),
                _ => {}
            },
            Incoming::Response { .. } | Incoming::Notification { .. } | Incoming::Invalid => {}
        }
        None
    }

    /// Settles a request with the server's answer. A second answer is dropped.
    pub fn answer(&self, id: i64, outcome: Outcome) {
        if self.settle(id, outcome, true) {
            self.unanswered.store(0, Ordering::Relaxed);
        }
    }

    /// Settles a request for a reason of the transport's. Returns `false` when the request is settled already.
    pub fn settle(&self, id: i64, outcome: Outcome, is_sent: bool) -> bool {
        let Some(in_flight) = self.state.lock().in_flight.remove(&id) else { return false };
        self.note_settled(id, false);
        (in_flight.settle)(outcome, is_sent);
        true
    }

    /// Takes out a request that is given up. Returns its callback, and whether the server may have seen any of the request,
    /// as `was_sent` finds.
    pub fn give_up(&self, id: i64, was_sent: impl FnOnce(&Sent) -> bool) -> Option<(Settle, bool)> {
        let mut state = self.state.lock();
        let InFlight { settle, sent, .. } = state.in_flight.remove(&id)?;
        let is_sent = was_sent(&sent);
        if is_sent {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
        }
        drop(state);
        self.note_settled(id, true);
        Some((settle, is_sent))
    }

    /// Fails all requests in flight, and each later one, for this reason. The first reason stays.
    pub fn shut_down(&self, error: &CallError, was_sent: impl Fn(&Sent) -> bool) {
        let mut state = self.state.lock();
        let in_flight = std::mem::take(&mut state.in_flight);
        state.end.get_or_insert_with(|| error.clone());
        drop(state);
        if let Some(inbox) = &self.inbox {
            inbox.close();
        }
        for InFlight { settle, sent, .. } in in_flight.into_values() {
            let is_sent = was_sent(&sent);
            settle(Err(error.clone()), is_sent);
        }
    }

    /// Returns whether a request has no answer yet.
    pub fn is_in_flight(&self, id: i64) -> bool {
        self.state.lock().in_flight.contains_key(&id)
    }

    /// Returns how many requests in a row were given up without an answer to any other.
    pub fn unanswered(&self) -> u32 {
        self.unanswered.load(Ordering::Relaxed)
    }

    fn take(
        &self,
        id: String,
        method: String,
        params: Option<String>,
        cause: Option<i64>,
        respond: impl FnOnce() -> Respond,
    ) -> Option<Vec<u8>> {
        // A server without a handshake asks in its results instead.
        match &self.inbox {
            Some(inbox) if !self.is_stateless() => inbox.take(id, method, params, self.causes(cause), respond).err(),
            _ => Some(jsonrpc::no_such_method(&id)),
        }
    }

    /// Returns the requests in flight, or only `cause` if it is one of these.
    fn causes(&self, cause: Option<i64>) -> BTreeSet<i64> {
        let state = self.state.lock();
        let is_meant = |id: &&i64| cause.is_none_or(|cause| cause == **id);
        state.in_flight.keys().filter(is_meant).copied().collect()
    }

    /// Notes that a request is not in flight any more.
    fn note_settled(&self, id: i64, is_given_up: bool) {
        if let Some(inbox) = &self.inbox {
            inbox.settled(id, is_given_up);
        }
    }

    fn withdraw(&self, params: &str) {
        if let Some(inbox) = &self.inbox
            && let Some(id) = jsonrpc::cancelled_id(params)
        {
            inbox.withdraw(id);
        }
    }

    /// Passes a notification on to JavaScript.
    fn announce(&self, method: &str, params: Option<&str>) {
        if method == "notifications/subscriptions/acknowledged" {
            let params = params.unwrap_or("{}");
            let Some(id) = jsonrpc::subscription_id(params) else { return };
            let begun = self.state.lock().in_flight.get(&id).and_then(|in_flight| in_flight.listeners.begun.clone());
            if let Some(begun) = begun {
                begun(params.to_owned());
            }
        } else if let Some(events) = self.events.get() {
            events.add(method, params);
        }
    }

    fn report_progress(&self, params: String) {
        let Some(id) = jsonrpc::progress_token(&params) else { return };
        let progress = self.state.lock().in_flight.get(&id).and_then(|in_flight| in_flight.listeners.progress.clone());
        if let Some(progress) = progress {
            progress(params);
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Client").finish_non_exhaustive()
    }
}
