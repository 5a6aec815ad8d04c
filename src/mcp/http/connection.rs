//! A session over HTTP: a POST for each message, and the server's answer to it.

use super::client::{self, LAST_EVENT, Outgoing, SESSION};
use super::failure::HttpFailure;
use super::headers::Headers;
use super::secrets::Secrets;
use super::standard_headers::PROTOCOL_VERSION;
use crate::mcp::client::Client;
use crate::mcp::error::{CallError, RemoteEnd, ServerEnd};
use crate::mcp::jsonrpc;
use crate::mcp::server_config::Endpoint;
use crate::mcp::server_requests::{Inbox, Respond};
use bytes::Bytes;
use parking_lot::Mutex;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Response, Url};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// The time that a server has to take a cancellation or an answer of ours.
const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a server has to take the end of the session.
const DELETE_TIMEOUT: Duration = Duration::from_secs(2);
/// The number of replies to the server in flight. Above that its requests are not read.
const MAX_REPLIES: usize = 8;

/// A client, and the server's address.
#[derive(Debug)]
pub struct Connection {
    /// The requests in flight.
    pub client: Client,
    url: Url,
    headers: Headers,
    /// The values of the configured headers, which no error may show.
    pub(super) secrets: Secrets,
    /// The size of the longest message, in bytes.
    pub(super) max_buffer: usize,
    pub(super) runtime: Handle,
    pub(super) state: Mutex<State>,
    /// True if the next call should begin a new session.
    doubtful: AtomicBool,
    /// The GET stream, on which the server may answer too.
    pub(super) stream: watch::Sender<Stream>,
    replies: Arc<Semaphore>,
    pub(super) ending: CancellationToken,
    /// Cancelled when the server no longer knows the session.
    pub(super) lost: CancellationToken,
    pub(super) this: Weak<Self>,
}

/// The state of a GET stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// The server was not asked for it.
    Unused,
    /// The server is asked for it, again and again.
    Closed,
    /// The server sends on it.
    Open,
    /// The server has no such stream, or refuses it, with this HTTP status.
    Refused(u16),
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) session: Option<HeaderValue>,
    pub(super) version: Option<HeaderValue>,
    /// True if the server works without a handshake. Such a server wants more headers, and takes the end of a connection
    /// for a cancellation.
    pub(super) without_initialize: bool,
    /// The tasks that post requests.
    pub(super) posts: HashMap<i64, AbortHandle>,
}

impl Connection {
    /// Makes a connection without a session. It must be called on the runtime.
    ///
    /// # Errors
    /// [`HttpFailure::Invalid`].
    pub fn new(
        Endpoint { url, headers }: &Endpoint,
        max_buffer: usize,
        inbox: Option<Inbox>,
    ) -> Result<Arc<Self>, HttpFailure> {
        let (url, checked) = (client::address(url)?, Headers::new(headers)?);
        let secrets = Secrets::of(&url, headers);
        Ok(Arc::new_cyclic(|this| Self {
            client: Client::new(inbox),
            url,
            headers: checked,
            secrets,
            max_buffer,
            runtime: Handle::current(),
            state: Mutex::default(),
            doubtful: AtomicBool::new(false),
            stream: watch::Sender::new(Stream::Unused),
            replies: Arc::new(Semaphore::new(MAX_REPLIES)),
            ending: CancellationToken::new(),
            lost: CancellationToken::new(),
            this: Weak::clone(this),
        }))
    }

    /// Gives up a request, and notifies the server if it has seen any of the request.
    pub fn give_up(&self, id: i64, reason: CallError) {
        let Some((settle, is_sent)) = self.client.give_up(id, crate::runner::Sent::is_begun) else { return };
        let (post, notifies) = {
            let mut state = self.state.lock();
            (state.posts.remove(&id), is_sent && !state.without_initialize)
        };
        if let Some(post) = post {
            post.abort();
        }
        if notifies && let Some(this) = self.this.upgrade() {
            let body = jsonrpc::cancelled(id, &reason.to_string());
            self.runtime.spawn(async move { this.post_unanswered(body).await });
        }
        settle(Err(reason), is_sent);
    }

    /// Sends the reply to a request of the server's. Waits while many replies are in flight.
    pub(super) async fn reply(&self, body: Vec<u8>) {
        let (Some(this), Ok(permit)) = (self.this.upgrade(), Arc::clone(&self.replies).acquire_owned().await) else {
            return;
        };
        self.runtime.spawn(async move {
            this.post_unanswered(body).await;
            drop(permit);
        });
    }

    /// Returns the way of a later reply.
    pub(super) fn responder(&self) -> Respond {
        let this = Weak::clone(&self.this);
        Box::new(move |reply| {
            if let Some(this) = this.upgrade() {
                this.runtime.clone().spawn(async move { this.reply(reply).await });
            }
        })
    }

    async fn post_unanswered(&self, body: Vec<u8>) {
        // Nothing depends on whether the server takes the message.
        let _ = timeout(MESSAGE_TIMEOUT, self.post(Bytes::from(body), &[])).await;
    }

    /// Posts a message.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub(super) async fn post(
        &self,
        body: Bytes,
        standard: &[(HeaderName, HeaderValue)],
    ) -> Result<Response, HttpFailure> {
        self.request(Method::POST, None, standard, Some(body)).await
    }

    /// Asks for a stream of events, after the one with this id.
    ///
    /// # Errors
    /// [`HttpFailure`].
    pub(super) async fn get(&self, last_event: Option<&str>) -> Result<Response, HttpFailure> {
        self.request(Method::GET, last_event, &[], None).await
    }

    async fn request(
        &self,
        method: Method,
        last_event: Option<&str>,
        standard: &[(HeaderName, HeaderValue)],
        body: Option<Bytes>,
    ) -> Result<Response, HttpFailure> {
        let (session, version) = {
            let state = self.state.lock();
            (state.session.clone(), state.version.clone())
        };
        let last_event = last_event.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let private: Vec<_> = [(SESSION, session), (LAST_EVENT, last_event)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let public: Vec<_> =
            version.map(|version| (PROTOCOL_VERSION, version)).into_iter().chain(standard.iter().cloned()).collect();
        let (url, headers) = (&self.url, &self.headers);
        client::send(Outgoing { method, url, headers, private: &private, public: &public, body }).await
    }

    /// Takes the session that the server begins, if it begins one.
    pub(super) fn begin_session(&self, response: &Response) {
        if let Some(session) = response.headers().get(SESSION).filter(|session| !session.is_empty()) {
            self.state.lock().session = Some(session.clone());
        }
    }

    /// Describes the end of the server, as far as it is known.
    pub fn end_status(&self) -> ServerEnd {
        ServerEnd { exit: None, stderr: self.client.log.text(), remote: Some(Box::new(self.remote_end(None))) }
    }

    /// Describes the end of the server without its log, with the reason why it cannot be reached.
    pub(super) fn remote_end(&self, reason: Option<String>) -> RemoteEnd {
        RemoteEnd { origin: self.url.origin().ascii_serialization(), reason }
    }

    pub(super) fn has_session(&self) -> bool {
        self.state.lock().session.is_some()
    }

    /// Notes that the next call should begin a new session.
    pub(super) fn doubt(&self) {
        self.doubtful.store(true, Ordering::Release);
    }

    /// Returns the token that is cancelled when the server no longer knows the session.
    pub fn lost(&self) -> CancellationToken {
        self.lost.clone()
    }

    /// Returns whether the next call should begin a new session.
    pub fn is_doubtful(&self) -> bool {
        self.doubtful.load(Ordering::Acquire)
    }

    /// Fails all calls for this reason and ends the session.
    pub async fn shut_down(&self, reason: &CallError) {
        self.ending.cancel();
        self.client.shut_down(reason, crate::runner::Sent::is_begun);
        let (posts, has_session) = {
            let mut state = self.state.lock();
            (std::mem::take(&mut state.posts), state.session.is_some())
        };
        for post in posts.into_values() {
            post.abort();
        }
        if has_session {
            // A server that does not know DELETE keeps the session until it expires.
            let _ = timeout(DELETE_TIMEOUT, self.request(Method::DELETE, None, &[], None)).await;
        }
    }
}
