//! What became of a call, on its way to JavaScript.

use crate::mcp::Progress;
use crate::mcp::error::CallError;
use napi::Status;
use napi::bindgen_prelude::{FnArgs, Function};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use serde::Serialize;
use std::sync::Arc;

type Told = FnArgs<(u32, u32, String)>;

const RESULT: u32 = 0;
const PROGRESS: u32 = 1;
const FAILURE: u32 = 2;

/// One function for all calls: a promise of napi-rs for each would cost more than the rest of the call.
pub struct Settler(ThreadsafeFunction<Told, (), Told, Status, false, true>);

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
    rpc_code: Option<i32>,
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
    pub fn new(function: &Function<Told, ()>) -> napi::Result<Self> {
        function.build_threadsafe_function().weak::<true>().build().map(Self)
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

    fn tell(&self, number: u32, kind: u32, text: String) {
        // Refused only when the environment has ended, and with it whoever waited.
        self.0.call((number, kind, text).into(), ThreadsafeFunctionCallMode::NonBlocking);
    }
}

fn failure(error: &CallError) -> String {
    let end = error.server_end();
    let exit = end.and_then(|end| end.exit);
    let mut failure = Failure {
        code: error.code(),
        message: error.to_string(),
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
                (Some(*code), Some(message.as_str()), data.as_deref());
        }
        CallError::Unavailable { retry_after, .. } => failure.retry_after = Some(retry_after.as_millis()),
        _ => {}
    }
    serde_json::to_string(&failure).unwrap_or_default()
}
