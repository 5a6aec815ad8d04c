//! One request over HTTP and its answer, past the SDK.

use super::request::{Outcome, Progress, Request};
use crate::runner::Sent;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;

/// A request on its way. It travels through the SDK beside the typed message, and is picked up by the HTTP client.
#[derive(Clone)]
pub struct Exchange(Arc<State>);

struct State {
    request: Arc<Request>,
    sent: Sent,
    answer: Mutex<Option<Outcome>>,
    progress: Option<Progress>,
}

impl Exchange {
    /// A request that nobody has sent yet.
    pub fn new(request: Arc<Request>, progress: Option<Progress>) -> Self {
        Self(Arc::new(State { request, sent: Sent::default(), answer: Mutex::default(), progress }))
    }

    /// What is asked.
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// Whether the server may have seen any of it.
    pub fn sent(&self) -> &Sent {
        &self.0.sent
    }

    /// Passes progress on.
    pub fn tell_progress(&self, params: String) {
        if let Some(progress) = &self.0.progress {
            progress(params);
        }
    }

    /// Keeps the answer.
    pub fn answer(&self, outcome: Outcome) {
        *self.0.answer.lock() = Some(outcome);
    }

    /// The answer, once.
    pub fn take_answer(&self) -> Option<Outcome> {
        self.0.answer.lock().take()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Exchange").finish_non_exhaustive()
    }
}
