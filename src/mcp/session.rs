//! A session with a server: the handshake, its calls, its end.

use super::client::Client;
use super::definition::{Definition, Program};
use super::error::{CallError, ServerEnd, StartError};
use super::exchange::{Exchange, Request};
use super::process;
use super::stdio::StdioTransport;
use super::traffic::Traffic;
use crate::registry::Registry;
use crate::runner::Kept;
use parking_lot::Mutex;
use rmcp::model::{
    CallToolRequest, CallToolRequestParams, ClientRequest, GetExtensions, ListToolsRequest, PaginatedRequestParams,
    ProtocolVersion,
};
use rmcp::service::{
    ClientInitializeError, ClientLifecycleMode, Peer, PeerRequestOptions, RequestHandle, RoleClient, RunningService,
    ServiceError, serve_client_with_lifecycle_and_ct,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
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
    peer: Peer<RoleClient>,
    /// The process, where the server is one.
    pub process: Option<Arc<Kept>>,
    traffic: Arc<Traffic>,
    max_buffer: usize,
    cancel: CancellationToken,
    /// We are ending it.
    closing: AtomicBool,
    over: watch::Receiver<bool>,
    /// Why it cannot be spoken to any more, where that is known.
    reason: Arc<Mutex<Option<String>>>,
    /// How many calls in a row were given up without a word from the server.
    unanswered: AtomicU32,
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
    ) -> Result<Self, StartError> {
        let traffic = Arc::<Traffic>::default();
        let (process, pipes) = process::start(registry, definition, program, &traffic).await?;
        let process = Arc::new(process);
        let pipes = Arc::new(Mutex::new(Some(pipes)));
        let cancel = CancellationToken::new();
        let transport = || StdioTransport::new(&pipes, &traffic);
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
                let end = ServerEnd { exit: process.exit(), stderr: traffic.tail.lock().text(), reason: None };
                drop(pipes.lock().take());
                process.finish().await;
                return Err(match failed {
                    _ if process.wrote_too_much() => StartError::Handshake("its message was too long".to_owned(), end),
                    None => StartError::TimedOut(definition.start_timeout, end),
                    Some(Err(Some(error))) => StartError::Handshake(error.to_string(), end),
                    Some(_) => StartError::Exited(end),
                });
            }
        };
        Ok(Self::new(service, Some(process), traffic, definition.max_buffer, cancel))
    }

    /// A session over a connection that has been made.
    pub fn new(
        service: RunningService<RoleClient, Client>,
        process: Option<Arc<Kept>>,
        traffic: Arc<Traffic>,
        max_buffer: usize,
        cancel: CancellationToken,
    ) -> Self {
        let (over_sender, over) = watch::channel(false);
        let peer = service.peer().clone();
        let watched = process.clone();
        let stop = cancel.clone();
        tokio::spawn(async move {
            let exited = async {
                match &watched {
                    Some(process) => process.exited().await,
                    None => std::future::pending().await,
                }
                sleep(LAST_WORDS).await;
            };
            let serving = service.waiting();
            tokio::pin!(serving);
            tokio::select! {
                _ = &mut serving => {}
                () = exited => {
                    stop.cancel();
                    let _ = serving.await;
                }
            }
            stop.cancel();
            if let Some(process) = watched {
                process.finish().await;
            }
            over_sender.send_replace(true);
        });
        Self {
            peer,
            process,
            traffic,
            max_buffer,
            cancel,
            closing: AtomicBool::new(false),
            over,
            reason: Arc::default(),
            unanswered: AtomicU32::new(0),
        }
    }

    /// Whether no call can be made any more.
    pub fn is_closed(&self) -> bool {
        self.cancel.is_cancelled() || self.peer.is_transport_closed()
    }

    /// How many lines of the server were no messages.
    pub fn garbage(&self) -> u64 {
        self.traffic.garbage.load(Ordering::Relaxed)
    }

    /// How many calls in a row were given up without a word from the server.
    pub fn unanswered(&self) -> u32 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// Sends a request and waits for its answer, until `give_up` says why not to wait any longer.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn request(
        &self,
        exchange: &Exchange,
        give_up: impl Future<Output = CallError>,
    ) -> Result<String, CallError> {
        let message = message_for(exchange);
        let Ok(mut handle) = self.peer.send_cancellable_request(message, PeerRequestOptions::no_options()).await else {
            return Err(self.ended().await);
        };
        let response = tokio::select! {
            response = &mut handle.rx => response,
            error = give_up => {
                self.unanswered.fetch_add(1, Ordering::Relaxed);
                cancel(handle, &error);
                return Err(error);
            }
        };
        match response {
            Ok(Ok(_)) => {
                self.unanswered.store(0, Ordering::Relaxed);
                exchange.take_answer().ok_or(CallError::Aborted)
            }
            Ok(Err(ServiceError::McpError(error))) => {
                self.unanswered.store(0, Ordering::Relaxed);
                let data = error.data.map(|data| data.to_string());
                Err(CallError::Refused { code: error.code.0, message: error.message.into_owned(), data })
            }
            Ok(Err(ServiceError::TransportSend(error))) => {
                *self.reason.lock() = Some(format!("could not be reached: {}", deepest(&error)));
                Err(self.ended().await)
            }
            _ => Err(self.ended().await),
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
        if let Some(process) = &self.process {
            process.end();
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
        ServerEnd {
            exit: self.process.as_ref().and_then(|process| process.exit()),
            stderr: self.traffic.tail.lock().text(),
            reason: self.reason.lock().clone(),
        }
    }

    async fn ended(&self) -> CallError {
        // Nobody has a session that is being ended, unless all of them are.
        if self.closing.load(Ordering::Acquire) {
            return CallError::Closed;
        }
        if let Some(process) = &self.process {
            let _ = timeout(LAST_BREATH, process.exited()).await;
            if process.wrote_too_much() {
                return CallError::TooLong(self.max_buffer);
            }
        }
        CallError::Exited(self.end())
    }
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

fn message_for(exchange: &Exchange) -> ClientRequest {
    let mut message = match exchange.request() {
        Request::CallTool { tool, .. } => {
            ClientRequest::CallToolRequest(CallToolRequest::new(CallToolRequestParams::new(tool.clone())))
        }
        Request::ListTools { cursor } => ClientRequest::ListToolsRequest(ListToolsRequest::with_param(
            PaginatedRequestParams::default().with_cursor(cursor.clone()),
        )),
    };
    message.extensions_mut().insert(exchange.clone());
    message
}

/// Tells the server that nobody waits any more; it may take that as it likes.
fn cancel(handle: RequestHandle<RoleClient>, why: &CallError) {
    let reason = why.to_string();
    tokio::spawn(async move { handle.cancel(Some(reason)).await });
}

/// What lies at the bottom of an error: the layers above it say where it passed, not what it is.
pub fn deepest(error: &(dyn std::error::Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = source_of(deepest) {
        deepest = source;
    }
    #[cfg(feature = "http")]
    if let Some(text) = super::http::without_address(deepest) {
        return text;
    }
    deepest.to_string()
}

fn source_of<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a (dyn std::error::Error + 'static)> {
    #[cfg(feature = "http")]
    if let Some(client) = super::http::client_error(error) {
        return Some(client);
    }
    error.source()
}
