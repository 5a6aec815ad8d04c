//! A session with a server: the handshake, how it is reached, its end.

use super::client::Client;
#[cfg(feature = "http")]
use super::connection::Connection;
use super::conversation::Conversation;
use super::definition::{Definition, Program};
use super::error::{CallError, ServerEnd, StartError};
#[cfg(feature = "http")]
use super::exchange::Exchange;
use super::process::{self, Server};
#[cfg(feature = "http")]
use super::request::Outcome;
use super::stdio::StdioTransport;
use crate::registry::Registry;
use crate::runner::{Kept, Outlet};
use parking_lot::Mutex;
use rmcp::model::{ProtocolVersion, RequestMetaObject};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, Peer, RoleClient, RunningService, Service,
    serve_client_with_lifecycle_and_ct,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long what a server wrote before it exited may take to be read.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How long a server that closed its output may take to exit, for its exit status to be known.
const LAST_BREATH: Duration = Duration::from_millis(200);

/// A server that has shaken hands.
#[derive(Debug)]
pub struct Session {
    /// How it is reached.
    pub way: Way,
    peer: Peer<RoleClient>,
    max_buffer: usize,
    cancel: CancellationToken,
    /// We are ending it.
    closing: AtomicBool,
    over: watch::Receiver<bool>,
}

/// How a server is reached.
#[derive(Debug)]
pub enum Way {
    /// Over the pipes of a process.
    Pipes(Pipes),
    /// Over HTTP.
    #[cfg(feature = "http")]
    Connection(Connection),
}

/// A process that is a server.
#[derive(Debug)]
pub struct Pipes {
    /// The process.
    pub process: Kept,
    /// What there is between us and it.
    pub conversation: Arc<Conversation>,
    /// What it writes its answers to.
    pub outlet: Arc<Outlet>,
}

impl Session {
    /// Starts a server as a process and shakes hands with it.
    ///
    /// # Errors
    /// [`StartError`]; nothing of the server is left then.
    pub async fn start(
        registry: &Arc<Registry>,
        definition: &Definition,
        program: &Program,
    ) -> Result<Arc<Self>, StartError> {
        let Server { process, conversation, outlet, messages } = process::start(registry, definition, program).await?;
        let messages = Arc::new(Mutex::new(Some(messages)));
        let cancel = CancellationToken::new();
        let transport = || StdioTransport::new(&messages, &conversation);
        let handshake = shake_hands(transport, &cancel);
        let outcome = tokio::select! {
            outcome = timeout(definition.start_timeout, handshake) => outcome.ok(),
            () = async { process.exited().await; sleep(LAST_WORDS).await } => Some(Err(None)),
        };
        let service = match outcome {
            Some(Ok(service)) => service,
            failed => {
                // Whoever closed its output by itself is leaving; who is sent away now says nothing by leaving.
                if matches!(failed, Some(Err(None))) {
                    let _ = timeout(LAST_BREATH, process.exited()).await;
                }
                let end = ServerEnd { exit: process.exit(), stderr: conversation.heard.last_words(), reason: None };
                conversation.hang_up();
                process.finish().await;
                return Err(match failed {
                    _ if process.wrote_too_much() => StartError::Handshake("its message was too long".to_owned(), end),
                    None => StartError::TimedOut(definition.start_timeout, end),
                    Some(Err(Some(error))) => StartError::Handshake(error.to_string(), end),
                    Some(_) => StartError::Exited(end),
                });
            }
        };
        if let Some(meta) = introduction(&service) {
            conversation.introduce(meta);
        }
        let pipes = Pipes { process, conversation, outlet };
        Ok(Self::new(service, Way::Pipes(pipes), definition.max_buffer, cancel))
    }

    /// A session over a connection that has been made.
    pub fn new(
        service: RunningService<RoleClient, Client>,
        way: Way,
        max_buffer: usize,
        cancel: CancellationToken,
    ) -> Arc<Self> {
        let (over_sender, over) = watch::channel(false);
        let peer = service.peer().clone();
        let session = Arc::new(Self { way, peer, max_buffer, cancel, closing: AtomicBool::new(false), over });
        let watched = Arc::clone(&session);
        tokio::spawn(async move {
            watched.last(service).await;
            over_sender.send_replace(true);
        });
        session
    }

    /// Lasts as long as the session, and then until nothing of the server is left.
    async fn last(&self, service: RunningService<RoleClient, Client>) {
        let exited = async {
            match self.pipes() {
                Some(pipes) => pipes.process.exited().await,
                None => std::future::pending().await,
            }
            sleep(LAST_WORDS).await;
        };
        let serving = service.waiting();
        tokio::pin!(serving);
        tokio::select! {
            _ = &mut serving => {}
            () = exited => {
                self.cancel.cancel();
                let _ = serving.await;
            }
        }
        self.cancel.cancel();
        if let Some(Pipes { process, conversation, outlet }) = self.pipes() {
            outlet.glance();
            conversation.end(&self.ended().await);
            process.finish().await;
        }
    }

    /// What a server that is a process is reached by.
    pub fn pipes(&self) -> Option<&Pipes> {
        match &self.way {
            Way::Pipes(pipes) => Some(pipes),
            #[cfg(feature = "http")]
            Way::Connection(_) => None,
        }
    }

    /// Its process, where it is one.
    pub fn pid(&self) -> Option<u32> {
        self.pipes().map(|pipes| pipes.process.pid)
    }

    /// Whether no call can be made any more.
    pub fn is_closed(&self) -> bool {
        self.cancel.is_cancelled() || self.peer.is_transport_closed()
    }

    /// How many lines of the server were no messages.
    pub fn garbage(&self) -> u64 {
        match &self.way {
            Way::Pipes(pipes) => pipes.conversation.heard.garbage(),
            #[cfg(feature = "http")]
            Way::Connection(connection) => connection.traffic.heard.garbage(),
        }
    }

    /// How many calls in a row were given up without a word from the server.
    pub fn unanswered(&self) -> u32 {
        match &self.way {
            Way::Pipes(pipes) => pipes.conversation.unanswered(),
            #[cfg(feature = "http")]
            Way::Connection(connection) => connection.unanswered(),
        }
    }

    /// Gives up a request that was sent over its pipes.
    pub fn give_up(&self, number: i64, why: CallError) {
        if let Some(pipes) = self.pipes() {
            pipes.conversation.give_up(number, why);
        }
    }

    /// Reads what its process has written, if nobody has yet.
    pub fn glance(&self) {
        if let Some(pipes) = self.pipes() {
            pipes.outlet.glance();
        }
    }

    /// Sends a request over its connection and waits for the answer, until `give_up` says why not to wait any longer.
    ///
    /// # Errors
    /// [`CallError`].
    #[cfg(feature = "http")]
    pub async fn request(&self, exchange: &Exchange, give_up: impl Future<Output = CallError>) -> Outcome {
        let answer = match &self.way {
            Way::Pipes(_) => None,
            Way::Connection(connection) => connection.request(exchange, give_up).await,
        };
        match answer {
            Some(outcome) => outcome,
            None => Err(self.ended().await),
        }
    }

    /// Closes its input and ends it; returns when nothing of it is left.
    pub async fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.cancel.cancel();
        self.over().await;
    }

    /// The same without waiting for it to leave by itself.
    pub async fn kill(&self) {
        self.closing.store(true, Ordering::Release);
        self.cancel.cancel();
        if let Some(pipes) = self.pipes() {
            pipes.process.end();
        }
        self.over().await;
    }

    /// Resolves when it has ended and nothing of it is left, whyever.
    pub fn over(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut over = self.over.clone();
        async move {
            let _ = over.wait_for(|over| *over).await;
        }
    }

    /// How it ended, as far as it has.
    pub fn end(&self) -> ServerEnd {
        match &self.way {
            Way::Pipes(Pipes { process, conversation, .. }) => {
                ServerEnd { exit: process.exit(), stderr: conversation.heard.last_words(), reason: None }
            }
            #[cfg(feature = "http")]
            Way::Connection(connection) => {
                ServerEnd { exit: None, stderr: connection.traffic.heard.last_words(), reason: connection.reason() }
            }
        }
    }

    async fn ended(&self) -> CallError {
        // Nobody has a session that is being ended, unless all of them are.
        if self.closing.load(Ordering::Acquire) {
            return CallError::Closed;
        }
        if let Some(Pipes { process, .. }) = self.pipes() {
            let _ = timeout(LAST_BREATH, process.exited()).await;
            if process.wrote_too_much() {
                return CallError::TooLong(self.max_buffer);
            }
        }
        CallError::Exited(self.end())
    }
}

/// What each request has to say to a server that does without a handshake.
fn introduction(service: &RunningService<RoleClient, Client>) -> Option<RequestMetaObject> {
    let version = service.peer().peer_info()?.protocol_version.clone();
    if version.has_initialize() {
        return None;
    }
    let client = service.service().get_info();
    let mut meta = RequestMetaObject::new();
    meta.set_protocol_version(version);
    meta.set_client_info(client.client_info);
    meta.set_client_capabilities(client.capabilities);
    Some(meta)
}

/// Initialises as all servers did, and then, if a server refuses that, as the newer ones without sessions want it.
///
/// # Errors
/// The SDK's; `None` when the server closed its output.
pub async fn shake_hands<T: rmcp::transport::Transport<RoleClient> + 'static>(
    transport: impl Fn() -> T,
    cancel: &CancellationToken,
) -> Result<RunningService<RoleClient, Client>, Option<ClientInitializeError>> {
    let serve = |mode| serve_client_with_lifecycle_and_ct(Client, transport(), mode, cancel.clone());
    let error = match serve(ClientLifecycleMode::Initialize).await {
        Ok(service) => return Ok(service),
        Err(ClientInitializeError::JsonRpcError(_)) => {
            let preferred_versions = vec![ProtocolVersion::V_2026_07_28];
            match serve(ClientLifecycleMode::Discover { preferred_versions }).await {
                Ok(service) => return Ok(service),
                Err(error) => error,
            }
        }
        Err(error) => error,
    };
    Err(match error {
        ClientInitializeError::ConnectionClosed(_) => None,
        error => Some(error),
    })
}
