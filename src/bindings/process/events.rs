//! The events of a child, on their way to JavaScript.

use super::shapes::ProcessEvent;
use crate::runner::{Line, Stream};
use napi::Status;
use napi::bindgen_prelude::{Buffer, Either, Function};
use napi::threadsafe_function::ThreadsafeFunction;
use tokio::sync::{mpsc, oneshot};

/// The JavaScript function that gets the events. Only the call's promise keeps the event loop alive.
pub struct Listener(ThreadsafeFunction<ProcessEvent, (), ProcessEvent, Status, false, true>);

impl Listener {
    /// Makes the function callable from the runtime.
    pub fn new(function: &Function<ProcessEvent, ()>) -> napi::Result<Self> {
        function.build_threadsafe_function().weak::<true>().build().map(Self)
    }

    /// Sends the pid, then all lines. Each event waits for JavaScript, so that a fast child waits for a slow listener.
    pub async fn notify(self, pid: oneshot::Receiver<u32>, mut lines: mpsc::Receiver<Vec<Line>>, text: bool) {
        let Ok(pid) = pid.await else { return };
        let mut event = ProcessEvent { pid: Some(pid), lines: Vec::new(), error_lines: Vec::new() };
        while self.0.call_async(event).await.is_ok() {
            let Some(read) = lines.recv().await else { return };
            event = ProcessEvent { pid: None, lines: Vec::new(), error_lines: Vec::new() };
            for Line { stream, bytes } in read {
                let of_stream = if stream == Stream::Stdout { &mut event.lines } else { &mut event.error_lines };
                of_stream.push(line(bytes, text));
            }
        }
    }
}

/// Converts a line to a string, or to a buffer.
pub fn line(bytes: Vec<u8>, text: bool) -> Either<String, Buffer> {
    if text { Either::A(String::from_utf8_lossy(&bytes).into_owned()) } else { Either::B(bytes.into()) }
}
