//! The outcomes and the progress of calls, on their way to JavaScript.

use crate::mcp::display_text::display_text;
use crate::mcp::error::CallError;
use crate::mcp::{Events, OnSent, OnServerRequest, Progress, RequestEvent, RetryHeaders};
use napi::Status;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use serde::Serialize;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The kind of a message to JavaScript. The number in the message is a call's, unless the kind says
/// otherwise.
#[napi]
pub enum McpMessageKind {
    /// The text is the call's result: JSON.
    Result,
    /// The same, of a server that works without a handshake.
    StatelessResult,
    /// The text is the params of a progress notification: JSON.
    Progress,
    /// The text says why the call failed: JSON.
    Failure,
    /// The number is to be given to `stopReading()`; there is no text.
    StopReading,
    /// The request has been handed to a session; there is no text. Only for requests that ask for it.
    Sent,
    /// A server asks: the number is to be given to `mcpAnswer()`, and the text is JSON with `server` (its name), `method` and
    /// `params`.
    ServerRequest,
    /// The server's request with this number wants no answer any more; there is no text.
    RequestWithdrawn,
    /// The calls that the server's request with this number may be for were given up; there is no text. An answer is sent
    /// all the same.
    RequestUnneeded,
    /// A request that stays has begun. The text is JSON: the server's words.
    Begun,
    /// The number is a server's key, to be given to `takeEvents()`; there is no text.
    Events,
}

/// The arguments of the listener: a number, the kind of the message, and a text.
pub type Told = FnArgs<(u32, McpMessageKind, String)>;
/// The JavaScript function that gets all messages.
pub type Listener<'a> = Function<'a, Told, ()>;

/// Calls one function for all calls, because a promise of napi-rs for each would cost more than the rest of the call.
pub struct Settler {
    queue: ThreadsafeFunction<Told, (), Told, Status, false, true>,
    /// The count of queued messages that JavaScript has not got yet.
    queued: Arc<AtomicUsize>,
}

thread_local! {
    /// The messages that are sent from this thread without the queue, while they are collected.
    static GATHERED: RefCell<Option<Vec<Told>>> = const { RefCell::new(None) };
    /// The call that JavaScript starts on this thread, until its request is sent.
    static STARTING: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The failure of a call. Unknown fields are left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure<'a> {
    code: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stderr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_code: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rpc_data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errno: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u128>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry: Option<&'a RetryHeaders>,
}

impl Settler {
    /// Makes the function callable from the runtime.
    pub fn new(function: &Listener) -> napi::Result<Self> {
        let queued = Arc::<AtomicUsize>::default();
        let heard = Arc::clone(&queued);
        let queue = function.build_threadsafe_function().weak::<true>().build_callback(move |told| {
            heard.fetch_sub(1, Ordering::AcqRel);
            Ok(told.value)
        })?;
        Ok(Self { queue, queued })
    }

    /// Collects the messages of `work` on this thread, for the caller to send at once. While older messages are queued,
    /// the new ones are queued behind them, and none is returned.
    #[cfg(unix)]
    pub fn gather<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Told>) {
        if self.queued.load(Ordering::Acquire) > 0 {
            return (work(), Vec::new());
        }
        GATHERED.set(Some(Vec::new()));
        let done = work();
        let gathered = GATHERED.take().unwrap_or_default();
        // Another thread may have queued the first message of a call, such as `Sent`, and `work` its last.
        if self.queued.load(Ordering::Acquire) > 0 {
            for told in gathered {
                self.enqueue(told);
            }
            return (done, Vec::new());
        }
        (done, gathered)
    }

    /// Does `work`, which starts the call with this number. Returns whether the call's request has been sent meanwhile on
    /// this thread; that message is left out.
    pub fn noting_sent<T>(number: u32, work: impl FnOnce() -> T) -> (T, bool) {
        STARTING.set(Some(number));
        let done = work();
        // `sent()` has taken the number away.
        (done, STARTING.take().is_none())
    }

    /// Sends the outcome of a call.
    pub fn settle(&self, number: u32, outcome: Result<String, CallError>, is_stateless: bool) {
        match outcome {
            Ok(result) if is_stateless => self.tell(number, McpMessageKind::StatelessResult, result),
            Ok(result) => self.tell(number, McpMessageKind::Result, result),
            Err(error) => self.tell(number, McpMessageKind::Failure, failure(&error)),
        }
    }

    /// Returns a function that sends the requests of servers.
    pub fn requests_of(settler: &Arc<Self>) -> OnServerRequest {
        let settler = Arc::clone(settler);
        Arc::new(move |number, event| match event {
            RequestEvent::Asked { server, method, params } => {
                let params = if params.is_empty() { "null" } else { &params };
                let (server, method) = (serde_json::Value::from(server), serde_json::Value::from(method));
                let text = format!(r#"{{"server":{server},"method":{method},"params":{params}}}"#);
                settler.tell(number, McpMessageKind::ServerRequest, text);
            }
            RequestEvent::Withdrawn => settler.tell(number, McpMessageKind::RequestWithdrawn, String::new()),
            RequestEvent::Unneeded => settler.tell(number, McpMessageKind::RequestUnneeded, String::new()),
        })
    }

    /// Returns a function that sends the progress of a call.
    pub fn progress_of(settler: &Arc<Self>, number: u32) -> Progress {
        let settler = Arc::clone(settler);
        Arc::new(move |params| settler.tell(number, McpMessageKind::Progress, params))
    }

    /// Returns a function that reports that the request of a call has been sent.
    pub fn sent_of(settler: &Arc<Self>, number: u32) -> OnSent {
        let settler = Arc::clone(settler);
        Arc::new(move || settler.sent(number))
    }

    /// Returns a function that reports that a request which stays has begun.
    pub fn begun_of(settler: &Arc<Self>, number: u32) -> Progress {
        let settler = Arc::clone(settler);
        Arc::new(move |words| settler.tell(number, McpMessageKind::Begun, words))
    }

    /// Returns the queue of a server's notifications with these methods.
    pub fn events_of(settler: &Arc<Self>, key: u32, wanted: Vec<String>) -> Arc<Events> {
        let settler = Arc::clone(settler);
        let wake = Box::new(move || settler.tell(key, McpMessageKind::Events, String::new()));
        Arc::new(Events::new(wanted, wake))
    }

    fn sent(&self, number: u32) {
        if STARTING.get() == Some(number) {
            STARTING.set(None);
        } else {
            self.tell(number, McpMessageKind::Sent, String::new());
        }
    }

    /// Asks JavaScript to stop reading the output with this number.
    #[cfg(unix)]
    pub fn leave(&self, number: u32) {
        self.tell(number, McpMessageKind::StopReading, String::new());
    }

    fn tell(&self, number: u32, kind: McpMessageKind, text: String) {
        let told = Told::from((number, kind, text));
        let queued = GATHERED.with_borrow_mut(|gathered| match gathered {
            Some(gathered) => {
                gathered.push(told);
                None
            }
            None => Some(told),
        });
        if let Some(told) = queued {
            self.enqueue(told);
        }
    }

    fn enqueue(&self, told: Told) {
        self.queued.fetch_add(1, Ordering::AcqRel);
        // Refused only after the end of the environment, when no caller waits any more.
        self.queue.call(told, ThreadsafeFunctionCallMode::NonBlocking);
    }
}

fn failure(error: &CallError) -> String {
    let end = error.server_end();
    let (retry, rpc_data) = error.retry_hint();
    let exit = end.and_then(|end| end.exit);
    let mut failure = Failure {
        code: error.code(),
        message: display_text(&error.to_string()),
        exit_code: exit.and_then(|exit| exit.code),
        signal: exit.and_then(|exit| exit.signal),
        stderr: end.map(|end| end.stderr.as_str()),
        rpc_code: None,
        rpc_message: None,
        rpc_data,
        errno: error.errno(),
        retry_after: None,
        retry,
    };
    match error {
        CallError::Refused { code, message, .. } => {
            (failure.rpc_code, failure.rpc_message) = (*code, Some(message.as_str()));
        }
        CallError::Unavailable { retry_after, .. } => failure.retry_after = Some(retry_after.as_millis()),
        // Not before the end of the pause, or the call would be refused once more.
        CallError::Paused(left) => failure.retry_after = Some(left.as_millis() + 1),
        _ => {}
    }
    serde_json::to_string(&failure).unwrap_or_default()
}
