//! A session with a server, over either transport: its requests and its end.

use super::client::Client;
use super::error::{CallError, ServerEnd};
#[cfg(feature = "http")]
use super::http;
use super::jsonrpc::quoted;
use super::request::{Listeners, Request, Settle};
use super::stdio;
use crate::registry::EndReason;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The time for the answer to a request that nothing depends on.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A server that has shaken hands.
#[derive(Debug)]
pub struct Session {
    transport: Transport,
    /// Cancelled when the session begins to end.
    ending: CancellationToken,
    /// True if the pool ends the session.
    is_shut_down: AtomicBool,
    /// The reason that the session is ended for, if neither its server nor the pool ended it.
    ended_for: OnceLock<CallError>,
    /// True once the server has more memory than it may have.
    is_large: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
    /// The level of log messages that the server was asked for last.
    log_level: Mutex<String>,
    runtime: Handle,
}

#[derive(Debug)]
enum Transport {
    Stdio(stdio::Server),
    #[cfg(feature = "http")]
    Http(Arc<http::Connection>),
}

impl Session {
    /// Makes a session with a process.
    pub fn over_stdio(server: stdio::Server) -> Arc<Self> {
        Self::new(Transport::Stdio(server))
    }

    /// Makes a session over HTTP.
    #[cfg(feature = "http")]
    pub fn over_http(connection: Arc<http::Connection>) -> Arc<Self> {
        Self::new(Transport::Http(connection))
    }

    fn new(transport: Transport) -> Arc<Self> {
        let (ended_sender, ended) = watch::channel(false);
        let ending = CancellationToken::new();
        let session = Arc::new(Self {
            transport,
            ending,
            is_shut_down: AtomicBool::new(false),
            ended_for: OnceLock::new(),
            is_large: watch::Sender::new(false),
            ended,
            log_level: Mutex::default(),
            runtime: Handle::current(),
        });
        let running = Arc::clone(&session);
        tokio::spawn(async move {
            running.run().await;
            ended_sender.send_replace(true);
        });
        session
    }

    /// Runs the session until every process of the server has exited.
    async fn run(&self) {
        let server_ended = async {
            match &self.transport {
                Transport::Stdio(server) => server.wait_until_closed().await,
                #[cfg(feature = "http")]
                Transport::Http(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            () = server_ended => self.ending.cancel(),
            () = self.ending.cancelled() => {}
        }
        let is_closed = || self.is_shut_down.load(Ordering::Acquire).then_some(CallError::Closed);
        let reason = || self.ended_for.get().cloned().or_else(is_closed);
        match &self.transport {
            Transport::Stdio(server) => server.shut_down(reason()).await,
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.shut_down(&reason().unwrap_or(CallError::Closed)).await,
        }
    }

    /// Gives a request its id.
    ///
    /// # Errors
    /// The reason why there are no more answers, with `settle` unused.
    pub fn register(&self, listeners: Listeners, settle: Settle) -> Result<i64, (CallError, Settle)> {
        self.client().register(listeners, settle)
    }

    /// Sends a registered request. The outcome of the handshake is known, so that another `initialize` is answered here.
    pub fn send(&self, id: i64, request: &Request) {
        if request.method == "initialize" {
            let info = self.client().info();
            self.client().settle(id, Ok(info), true);
            return;
        }
        match &self.transport {
            Transport::Stdio(server) => server.connection.send(id, request),
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.send(id, request),
        }
    }

    /// Gives up a request.
    pub fn give_up(&self, id: i64, reason: CallError) {
        match &self.transport {
            Transport::Stdio(server) => server.connection.give_up(id, reason),
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.give_up(id, reason),
        }
    }

    /// Reads what the server's process has written already.
    pub fn read_available(&self) {
        if let Some(server) = self.stdio() {
            server.stdout.read_available();
        }
    }

    /// Returns the server's process and pipes, if it is a process.
    pub fn stdio(&self) -> Option<&stdio::Server> {
        match &self.transport {
            Transport::Stdio(server) => Some(server),
            #[cfg(feature = "http")]
            Transport::Http(_) => None,
        }
    }

    /// Returns the server's pid, if it is a process.
    pub fn pid(&self) -> Option<u32> {
        self.stdio().map(|server| server.process.pid)
    }

    /// Returns whether the session takes no more calls.
    pub fn is_closed(&self) -> bool {
        let is_doubtful = match &self.transport {
            Transport::Stdio(_) => false,
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.is_doubtful(),
        };
        is_doubtful || self.ending.is_cancelled()
    }

    /// Returns whether the server works without a handshake.
    pub fn is_stateless(&self) -> bool {
        self.client().is_stateless()
    }

    /// Returns the count of lines of the server that were no messages.
    pub fn invalid_lines(&self) -> u64 {
        self.client().log.invalid()
    }

    /// Returns how many calls in a row were given up without an answer to any other.
    pub fn unanswered(&self) -> u32 {
        self.client().unanswered()
    }

    /// Ends the session in an orderly way. Returns when every process of the server has exited.
    pub async fn shut_down(&self) {
        self.is_shut_down.store(true, Ordering::Release);
        self.ending.cancel();
        self.wait().await;
    }

    /// Terminates the server at once. Returns when every process of the server has exited.
    pub async fn terminate_now(&self) {
        self.is_shut_down.store(true, Ordering::Release);
        self.ending.cancel();
        if let Some(server) = self.stdio() {
            server.process.terminate(EndReason::Shutdown);
        }
        self.wait().await;
    }

    /// Gives the session no more calls, because its server has more memory than it may have.
    pub fn set_large(&self) {
        self.is_large.send_replace(true);
    }

    /// Waits until the server has more memory than it may have.
    pub fn large(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut is_large = self.is_large.subscribe();
        async move {
            if is_large.wait_for(|is_large| *is_large).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Fails the calls in flight for this reason, and terminates the server at once.
    pub fn end_for(&self, reason: CallError) {
        let _ = self.ended_for.set(reason);
        self.ending.cancel();
        if let Some(server) = self.stdio() {
            server.process.terminate(EndReason::Shutdown);
        }
    }

    /// Waits until every process of the server has exited, for any reason.
    pub fn wait(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut ended = self.ended.clone();
        async move {
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }

    /// Waits until the session begins to end, or until the server no longer knows it.
    pub fn ended_or_lost(&self) -> impl Future<Output = ()> + Send + 'static {
        let ending = self.ending.clone();
        let lost = match &self.transport {
            Transport::Stdio(_) => CancellationToken::new(),
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.lost(),
        };
        async move {
            tokio::select! {
                () = ending.cancelled() => {}
                () = lost.cancelled() => {}
            }
        }
    }

    /// Calls `then` once the server has shown whether updates can come, with the HTTP status of a refusal. Over pipes that
    /// is at once.
    pub fn when_stream_is_known(&self, then: impl FnOnce(Option<u16>) + Send + 'static) {
        match &self.transport {
            #[cfg(feature = "http")]
            Transport::Http(connection) => {
                let connection = Arc::clone(connection);
                self.runtime.spawn(async move { then(connection.stream_refusal().await) });
            }
            Transport::Stdio(_) => then(None),
        }
    }

    /// Sends a request whose answer nothing depends on.
    pub fn send_unanswered(self: &Arc<Self>, request: &Request, timeout: Option<Duration>) {
        let Ok(id) = self.register(Listeners::default(), Box::new(|_, _| {})) else { return };
        self.send(id, request);
        let (Some(timeout), session) = (timeout, Arc::downgrade(self)) else { return };
        self.runtime.spawn(async move {
            tokio::time::sleep(timeout).await;
            if let Some(session) = session.upgrade() {
                session.give_up(id, CallError::TimedOut);
            }
        });
    }

    /// Asks the server for log messages from this level on, unless it was asked already.
    pub fn adopt_log_level(self: &Arc<Self>, level: &str) {
        let mut adopted = self.log_level.lock();
        if *adopted == level {
            return;
        }
        level.clone_into(&mut adopted);
        if self.is_stateless() {
            self.client().set_log_level(level);
        } else {
            let params = format!(r#"{{"level":{}}}"#, quoted(level));
            let request = Request::new("logging/setLevel", params);
            self.send_unanswered(&request, Some(ANSWER_TIMEOUT));
        }
    }

    /// Opens the stream of changes of a server that works without a handshake, until the session ends.
    pub fn listen_for_list_changes(self: &Arc<Self>) {
        if self.is_stateless() {
            let filter = r#"{"toolsListChanged":true,"promptsListChanged":true,"resourcesListChanged":true}"#;
            let params = format!(r#"{{"notifications":{filter}}}"#);
            self.send_unanswered(&Request::new("subscriptions/listen", params), None);
        }
    }

    /// Describes the end of the server, as far as it is known.
    pub fn end_status(&self) -> ServerEnd {
        match &self.transport {
            Transport::Stdio(server) => server.end_status(),
            #[cfg(feature = "http")]
            Transport::Http(connection) => connection.end_status(),
        }
    }

    fn client(&self) -> &Client {
        match &self.transport {
            Transport::Stdio(server) => &server.connection.client,
            #[cfg(feature = "http")]
            Transport::Http(connection) => &connection.client,
        }
    }
}
