//! One request and its answer, as the JSON text that JavaScript wrote and will read.

use crate::runner::Sent;
use parking_lot::Mutex;
use std::fmt;
use std::sync::Arc;

/// What is asked of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// `tools/call`.
    CallTool {
        /// The tool's name.
        tool: String,
        /// Its arguments: a JSON object in one line.
        arguments: String,
    },
    /// One page of `tools/list`.
    ListTools {
        /// Where the last page ended.
        cursor: Option<String>,
    },
}

/// Hears of a call's progress: the parameters of each notification, as JSON.
pub type Progress = Arc<dyn Fn(String) + Send + Sync>;

/// A request on its way. It travels through the SDK beside the typed message, and is picked up by the transport.
#[derive(Clone)]
pub struct Exchange(Arc<State>);

struct State {
    request: Arc<Request>,
    sent: Sent,
    answer: Mutex<Option<String>>,
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

    /// Whether anybody wants to hear of its progress.
    pub fn wants_progress(&self) -> bool {
        self.0.progress.is_some()
    }

    /// Passes progress on.
    pub fn tell_progress(&self, params: String) {
        if let Some(progress) = &self.0.progress {
            progress(params);
        }
    }

    /// Keeps the answer, the JSON of a result.
    pub fn answer(&self, result: String) {
        *self.0.answer.lock() = Some(result);
    }

    /// The answer, once.
    pub fn take_answer(&self) -> Option<String> {
        self.0.answer.lock().take()
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may hold secrets, and the SDK traces what it sends.
        out.debug_struct("Exchange").finish_non_exhaustive()
    }
}
