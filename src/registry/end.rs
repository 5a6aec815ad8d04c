//! Asking for a tree's end, and why.

use std::time::Duration;
use tokio::sync::watch;

/// The reason that a tree has to end early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The tree's own timeout.
    Timeout,
    /// The caller aborted.
    Aborted,
    /// The tree wrote more than may be kept.
    MaxBuffer,
    /// The cleanup scanner found the tree too old.
    Cleanup,
    /// The owner of the tree is shutting down.
    Shutdown,
}

impl EndReason {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::MaxBuffer => "max_buffer",
            Self::Cleanup => "cleanup",
            Self::Shutdown => "shutdown",
        }
    }
}

/// Requests the end of a tree, even before its start.
#[derive(Debug, Clone)]
pub struct EndRequest(watch::Sender<Option<Request>>);

/// The tree is there.
#[derive(Debug)]
pub(super) struct Guard {
    _listening: watch::Receiver<Option<Request>>,
}

/// The requests so far. A grace is the time between SIGTERM and SIGKILL.
#[derive(Debug, Clone, Copy)]
struct Request {
    reason: EndReason,
    /// The grace of the first request, if it had one.
    grace: Option<Duration>,
    /// The shortest grace of later requests.
    hurry: Duration,
}

impl Request {
    fn grace(&self, own: Duration) -> Duration {
        self.grace.unwrap_or(own).min(self.hurry)
    }
}

impl Default for EndRequest {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl EndRequest {
    /// Requests the end. The first reason stands, and so does its grace, or else the tree's own. Later requests can
    /// only shorten the grace.
    pub fn request(&self, reason: EndReason, grace: Option<Duration>) {
        self.0.send_modify(|request| match request {
            Some(request) => request.hurry = request.hurry.min(grace.unwrap_or(Duration::MAX)),
            None => *request = Some(Request { reason, grace, hurry: Duration::MAX }),
        });
    }

    /// Waits until the end is requested.
    pub async fn requested(&self) -> EndReason {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|request| *request) {
            Ok(Some(Request { reason, .. })) => reason,
            _ => std::future::pending().await,
        }
    }

    /// Returns the grace that counts for a tree with this grace of its own.
    pub fn grace(&self, own: Duration) -> Duration {
        self.0.borrow().map_or(own, |request| request.grace(own))
    }

    /// Waits until a request shortens the grace below this one.
    pub async fn hastened(&self, than: Duration) -> Duration {
        let mut receiver = self.0.subscribe();
        let is_hastened = |request: &Option<Request>| request.is_some_and(|request| request.grace(than) < than);
        match receiver.wait_for(is_hastened).await.map(|request| *request) {
            Ok(Some(request)) => request.grace(than),
            _ => std::future::pending().await,
        }
    }

    /// Returns a guard. [`Self::wait`] waits until the guard is dropped.
    pub(super) fn guard(&self) -> Guard {
        Guard { _listening: self.0.subscribe() }
    }

    /// Waits until the whole tree has exited. Returns at once if the tree was never started.
    pub async fn wait(&self) {
        self.0.closed().await;
    }
}
