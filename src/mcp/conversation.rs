//! Our requests to a server over its pipes. They pass the SDK by: whoever asks writes to the pipe, whoever reads the answer
//! settles the call, and no task runs in between.

use super::error::CallError;
use super::heard::Heard;
use super::request::{Outcome, Progress, Request};
use super::wire::{self, Awaited, Incoming};
use crate::runner::{InputSender, Listener, Sent};
use parking_lot::Mutex;
use rmcp::model::{ProgressToken, RequestId, RequestMetaObject, ServerJsonRpcMessage};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::{Notify, mpsc};

/// Our numbers begin here, far above those that the SDK gives its own requests.
const FIRST: i64 = 1 << 30;
/// How many messages may wait for the SDK before the server has to: those of a server that asks and asks.
const MAX_WAITING: usize = 64;

/// Hears what became of a request, and whether the server may have seen any of it.
pub type Settle = Box<dyn FnOnce(Outcome, bool) + Send>;

/// What there is between us and a server.
pub struct Conversation {
    state: Mutex<State>,
    /// What each request says of us, to servers that know no handshake.
    meta: OnceLock<RequestMetaObject>,
    /// What the server says besides.
    pub heard: Arc<Heard>,
    /// How many requests in a row were given up without a word from the server.
    unanswered: AtomicU32,
    sdk: Mutex<Option<mpsc::UnboundedSender<ServerJsonRpcMessage>>>,
    waiting: AtomicUsize,
    room: Notify,
}

#[derive(Default)]
struct State {
    input: Option<InputSender>,
    last: i64,
    asked: HashMap<i64, Asked>,
    /// Why there are no more answers.
    end: Option<CallError>,
}

/// A request that has not been answered.
struct Asked {
    settle: Settle,
    progress: Option<Progress>,
    sent: Sent,
}

impl Conversation {
    /// Before the server has started. The receiver gets what the SDK has to see.
    pub fn new() -> (Arc<Self>, mpsc::UnboundedReceiver<ServerJsonRpcMessage>) {
        let (sdk, messages) = mpsc::unbounded_channel();
        let conversation = Self {
            state: Mutex::default(),
            meta: OnceLock::new(),
            heard: Arc::default(),
            unanswered: AtomicU32::new(0),
            sdk: Mutex::new(Some(sdk)),
            waiting: AtomicUsize::new(0),
            room: Notify::new(),
        };
        (Arc::new(conversation), messages)
    }

    /// What is written to from now on.
    pub fn connect(&self, input: InputSender) {
        self.state.lock().input = Some(input);
    }

    /// What goes with each request from now on.
    pub fn introduce(&self, meta: RequestMetaObject) {
        let _ = self.meta.set(meta);
    }

    /// Notes who asks, and gives the request its number. Refused when there are no more answers.
    ///
    /// # Errors
    /// Why, and who asked.
    pub fn register(&self, progress: Option<Progress>, settle: Settle) -> Result<i64, (CallError, Settle)> {
        let mut state = self.state.lock();
        if let Some(error) = &state.end {
            return Err((error.clone(), settle));
        }
        state.last += 1;
        let number = FIRST + state.last;
        state.asked.insert(number, Asked { settle, progress, sent: Sent::default() });
        Ok(number)
    }

    /// Sends a request that has its number. One that has been given up meanwhile is not sent.
    pub fn send(&self, number: i64, request: &Request) {
        let mut state = self.state.lock();
        let State { input, asked, .. } = &mut *state;
        let (Some(input), Some(asked)) = (input, asked.get(&number)) else { return };
        let mut meta = self.meta.get().cloned();
        if asked.progress.is_some() {
            meta.get_or_insert_default().set_progress_token(ProgressToken(RequestId::Number(number)));
        }
        // Whether the server takes it, its answer or its end will tell.
        if let Ok(line) = wire::write(number, request, meta.as_ref()) {
            input.post(line, asked.sent.clone());
        }
    }

    /// Writes a message of the SDK's; `false` when nobody reads any more.
    pub fn write(&self, line: Vec<u8>) -> bool {
        let state = self.state.lock();
        state.input.as_ref().map(|input| input.post(line, Sent::default())).is_some()
    }

    /// Gives a request up. The server is told, if it has seen any of it, and may take that as it likes.
    pub fn give_up(&self, number: i64, why: CallError) {
        let mut state = self.state.lock();
        let Some(Asked { settle, sent, .. }) = state.asked.remove(&number) else { return };
        let is_sent = was_sent(state.input.as_ref(), &sent);
        if is_sent {
            self.unanswered.fetch_add(1, Ordering::Relaxed);
            let message = serde_json::json!({
                "jsonrpc": "2.0",
                "method": "notifications/cancelled",
                "params": { "requestId": number, "reason": why.to_string() },
            });
            if let Some(input) = &state.input {
                input.post(format!("{message}\n").into_bytes(), Sent::default());
            }
        }
        drop(state);
        settle(Err(why), is_sent);
    }

    /// There will be no more answers, for this reason.
    pub fn end(&self, error: &CallError) {
        let mut state = self.state.lock();
        let input = state.input.take();
        let asked = std::mem::take(&mut state.asked);
        state.end.get_or_insert_with(|| error.clone());
        drop(state);
        for (_, Asked { settle, sent, .. }) in asked {
            let is_sent = was_sent(input.as_ref(), &sent);
            settle(Err(error.clone()), is_sent);
        }
    }

    /// Closes the server's input.
    pub fn hang_up(&self) {
        self.state.lock().input = None;
    }

    /// How many requests in a row were given up without a word from the server.
    pub fn unanswered(&self) -> u32 {
        self.unanswered.load(Ordering::Relaxed)
    }

    /// The SDK has taken one of its messages.
    pub fn taken(&self) {
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        self.room.notify_one();
    }

    fn answered(&self, number: i64, outcome: Outcome) {
        let Some(asked) = self.state.lock().asked.remove(&number) else { return };
        self.unanswered.store(0, Ordering::Relaxed);
        (asked.settle)(outcome, true);
    }

    fn progressed(&self, number: i64, params: String) {
        let progress = self.state.lock().asked.get(&number).and_then(|asked| asked.progress.clone());
        if let Some(progress) = progress {
            progress(params);
        }
    }
}

/// Whether the server may have seen any of it. If not, it will not.
fn was_sent(input: Option<&InputSender>, sent: &Sent) -> bool {
    let is_withdrawn = input.is_some_and(|input| input.withdraw(sent));
    !is_withdrawn && sent.is_begun()
}

impl Listener for Conversation {
    fn hear(&self, line: &[u8]) {
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        let awaited = |number| match number {
            ours if self.state.lock().asked.contains_key(&ours) => Awaited::Raw,
            ours if ours > FIRST => Awaited::No,
            _ => Awaited::Typed,
        };
        match wire::read(line, awaited) {
            Incoming::Answer(number, outcome) => self.answered(number, outcome),
            Incoming::Progress(number, params) => self.progressed(number, params),
            Incoming::Log(params) => self.heard.keep(params.as_bytes()),
            Incoming::Message(message) => {
                if let Some(sdk) = &*self.sdk.lock() {
                    self.waiting.fetch_add(1, Ordering::AcqRel);
                    // Refused only when the session is over.
                    let _ = sdk.send(*message);
                }
            }
            Incoming::Garbage => self.heard.keep_garbage(line),
            Incoming::Unneeded => {}
        }
    }

    fn ended(&self) {
        *self.sdk.lock() = None;
    }

    fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Acquire) >= MAX_WAITING
    }

    fn room(&self) -> &Notify {
        &self.room
    }
}

impl fmt::Debug for Conversation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Conversation").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
