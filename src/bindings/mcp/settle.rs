//! What became of a call, on its way to JavaScript.

use crate::mcp::Progress;
use crate::mcp::display_text::display_text;
use crate::mcp::error::CallError;
use napi::Status;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use serde::Serialize;
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A call's number, what is told of it, and a text.
pub type Told = FnArgs<(u32, u32, String)>;
/// The JavaScript function that hears everything.
pub type Listener<'a> = Function<'a, Told, ()>;

const RESULT: u32 = 0;
const PROGRESS: u32 = 1;
const FAILURE: u32 = 2;
#[cfg(unix)]
const LEAVE: u32 = 3;

/// One function for all calls: a promise of napi-rs for each would cost more than the rest of the call.
pub struct Settler {
    queue: ThreadsafeFunction<Told, (), Told, Status, false, true>,
    /// How much of the queue has not been heard yet.
    queued: Arc<AtomicUsize>,
}

thread_local! {
    /// What is to be told on this thread, when it is about to be told without the queue.
    static GATHERED: RefCell<Option<Vec<Told>>> = const { RefCell::new(None) };
}

/// Why a call failed, and what is known about it. What is not known is left out.
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

    /// What `work` tells on this thread, in order, for its caller to tell at once; nothing where some of it has to wait for
    /// its turn in the queue.
    #[cfg(unix)]
    pub fn gather<T>(&self, work: impl FnOnce() -> T) -> (T, Vec<Told>) {
        if self.queued.load(Ordering::Acquire) > 0 {
            return (work(), Vec::new());
        }
        GATHERED.set(Some(Vec::new()));
        let done = work();
        (done, GATHERED.take().unwrap_or_default())
    }

    /// Tells what became of a call.
    pub fn settle(&self, number: u32, outcome: Result<String, CallError>) {
        match outcome {
            Ok(result) => self.tell(number, RESULT, result),
            Err(error) => self.tell(number, FAILURE, failure(&error)),
        }
    }

    /// What passes the progress of a call on.
    pub fn progress_of(settler: &Arc<Self>, number: u32) -> Progress {
        let settler = Arc::clone(settler);
        Arc::new(move |params| settler.tell(number, PROGRESS, params))
    }

    /// Tells that what is read on the JavaScript thread under this number is not to be read there any more.
    #[cfg(unix)]
    pub fn leave(&self, number: u32) {
        self.tell(number, LEAVE, String::new());
    }

    fn tell(&self, number: u32, kind: u32, text: String) {
        let told = Told::from((number, kind, text));
        let queued = GATHERED.with_borrow_mut(|gathered| match gathered {
            Some(gathered) => {
                gathered.push(told);
                None
            }
            None => Some(told),
        });
        if let Some(told) = queued {
            self.queued.fetch_add(1, Ordering::AcqRel);
            // Refused only when the environment has ended, and with it whoever waited.
            self.queue.call(told, ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

fn failure(error: &CallError) -> String {
    let end = error.server_end();
    let exit = end.and_then(|end| end.exit);
    let mut failure = Failure {
        code: error.code(),
        message: display_text(&error.to_string()),
        exit_code: exit.and_then(|exit| exit.code),
        signal: exit.and_then(|exit| exit.signal),
        stderr: end.map(|end| end.stderr.as_str()),
        rpc_code: None,
        rpc_message: None,
        rpc_data: None,
        errno: error.errno(),
        retry_after: None,
    };
    match error {
        CallError::Refused { code, message, data } => {
            (failure.rpc_code, failure.rpc_message, failure.rpc_data) =
                (*code, Some(message.as_str()), data.as_deref());
        }
        CallError::Unavailable { retry_after, .. } => failure.retry_after = Some(retry_after.as_millis()),
        _ => {}
    }
    serde_json::to_string(&failure).unwrap_or_default()
}
