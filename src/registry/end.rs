//! Asking for a tree's end, and why.

use std::time::Duration;
use tokio::sync::watch;

/// Why a tree has to end before it does so by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its own timeout.
    Timeout,
    /// Its caller gave up.
    Aborted,
    /// It wrote more than may be kept.
    MaxBuffer,
    /// The cleanup scanner found it too old.
    Cleanup,
    /// Whoever started it is shutting down.
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

/// Asks for a tree's end, also before it has started.
#[derive(Debug, Clone)]
pub struct EndRequest(watch::Sender<Option<Request>>);

/// The tree is there.
#[derive(Debug)]
pub(super) struct Guard {
    _listening: watch::Receiver<Option<Request>>,
}

/// What was asked for so far. A grace is the time between SIGTERM and SIGKILL.
#[derive(Debug, Clone, Copy)]
struct Request {
    reason: EndReason,
    /// What the first one asked for, if it did.
    grace: Option<Duration>,
    /// The shortest that anybody asked for since.
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
    /// Asks. The first reason stands, and so does its grace, without which it is the tree's own; who asks later can only
    /// shorten it.
    pub fn request(&self, reason: EndReason, grace: Option<Duration>) {
        self.0.send_modify(|request| match request {
            Some(request) => request.hurry = request.hurry.min(grace.unwrap_or(Duration::MAX)),
            None => *request = Some(Request { reason, grace, hurry: Duration::MAX }),
        });
    }

    /// Waits until somebody asks.
    pub async fn requested(&self) -> EndReason {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await.map(|request| *request) {
            Ok(Some(Request { reason, .. })) => reason,
            _ => std::future::pending().await,
        }
    }

    /// The grace that counts, for a tree with this one of its own.
    pub fn grace(&self, own: Duration) -> Duration {
        self.0.borrow().map_or(own, |request| request.grace(own))
    }

    /// Waits until somebody asks for a shorter grace than this.
    pub async fn hastened(&self, than: Duration) -> Duration {
        let mut receiver = self.0.subscribe();
        let is_hastened = |request: &Option<Request>| request.is_some_and(|request| request.grace(than) < than);
        match receiver.wait_for(is_hastened).await.map(|request| *request) {
            Ok(Some(request)) => request.grace(than),
            _ => std::future::pending().await,
        }
    }

    /// Until this is dropped, [`Self::wait`] waits.
    pub(super) fn guard(&self) -> Guard {
        Guard { _listening: self.0.subscribe() }
    }

    /// Waits until the tree is gone; at once if it was never started.
    pub async fn wait(&self) {
        self.0.closed().await;
    }
}
