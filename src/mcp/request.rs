//! What is asked of a server, as the JSON text that JavaScript wrote.

use super::error::CallError;
use std::fmt;
use std::sync::Arc;

/// What is asked of a server.
#[derive(Clone, PartialEq, Eq)]
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

/// What became of a request: the JSON of its result.
pub type Outcome = Result<String, CallError>;

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Arguments may hold secrets.
        out.debug_struct("Request").finish_non_exhaustive()
    }
}
