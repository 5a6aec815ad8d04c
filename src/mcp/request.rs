//! A request, and what becomes of it.

use super::error::CallError;
use std::fmt;
use std::sync::Arc;

/// A request to a server. What the method means is JavaScript's business.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The method's name.
    pub method: String,
    /// The parameters: a JSON object as text, or nothing.
    pub params: String,
    /// The headers that repeat arguments of the tool, by name, if it is known which ones the tool wants.
    pub headers: Option<Vec<(String, String)>>,
}

impl Request {
    /// Makes a request that calls no tool.
    pub fn new(method: impl Into<String>, params: impl Into<String>) -> Self {
        Self { method: method.into(), params: params.into(), headers: None }
    }
}

/// Is called with the parameters of each progress notification, as JSON text.
pub type Progress = Arc<dyn Fn(String) + Send + Sync>;

/// Is called each time that the request is handed to a session, on any thread, before the outcome.
pub type OnSent = Arc<dyn Fn() + Send + Sync>;

/// The callbacks for what happens to a request before its outcome.
#[derive(Clone, Default)]
pub struct Listeners {
    /// The callback for progress. With it, the request asks for progress.
    pub progress: Option<Progress>,
    /// The callback for the moment at which the request is sent. It must not use the session.
    pub sent: Option<OnSent>,
    /// The callback for the beginning of a request that stays, with the server's words as JSON text.
    pub begun: Option<Progress>,
}

/// The result's JSON text, or the error.
pub type Outcome = Result<String, CallError>;

/// Is called once with the outcome, on any thread, and with whether the server may have seen any of the request.
pub type Settle = Box<dyn FnOnce(Outcome, bool) + Send>;

impl fmt::Debug for Request {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold secrets.
        out.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}
