//! The notifications of a server on their way to JavaScript: bounded, whatever the server sends.
//!
//! A change counts once however often it is announced before JavaScript has taken it. Above the bound log messages are
//! dropped and counted, and updates of resources become the one note that some were missed.

use super::jsonrpc::quoted;
use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Arc;

/// The size of the notifications that wait for JavaScript, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
const LOG: &str = "notifications/message";
const LIST_CHANGED: &str = "/list_changed";

/// Is called when there are events, on any thread, and not again before they are taken.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// The notifications of one server that JavaScript has not taken.
pub struct Events {
    /// The methods that JavaScript wants.
    wanted: Vec<String>,
    wake: Wake,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    texts: VecDeque<Arc<str>>,
    /// The texts that need not be added twice.
    changes: HashSet<Arc<str>>,
    bytes: usize,
    /// The number of log messages that were dropped.
    dropped: u64,
    /// True if an update was dropped.
    missed: bool,
    is_woken: bool,
}

impl Events {
    /// Makes an empty queue for notifications with these methods.
    pub fn new(wanted: Vec<String>, wake: Wake) -> Self {
        Self { wanted, wake, state: Mutex::default() }
    }

    /// Returns whether JavaScript wants changes of lists.
    pub fn wants_list_changes(&self) -> bool {
        self.wanted.iter().any(|method| method.ends_with(LIST_CHANGED))
    }

    /// Adds a notification, if JavaScript wants it.
    pub fn add(&self, method: &str, params: Option<&str>) {
        if !self.wanted.iter().any(|wanted| wanted == method) {
            return;
        }
        let is_list = method.ends_with(LIST_CHANGED);
        // Which list has changed is all that matters, so that three texts are all there can be.
        let params = params.filter(|_| !is_list).unwrap_or("{}");
        let text: Arc<str> = format!(r#"{{"method":{},"params":{params}}}"#, quoted(method)).into();
        let mut state = self.state.lock();
        state.add(text, method == LOG, is_list);
        let wakes = !std::mem::replace(&mut state.is_woken, true);
        drop(state);
        if wakes {
            (self.wake)();
        }
    }

    /// Takes all events, as JSON: `events`, `dropped` and `missed`.
    pub fn take(&self) -> String {
        let State { texts, dropped, missed, .. } = std::mem::take(&mut *self.state.lock());
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        format!(r#"{{"events":[{}],"dropped":{dropped},"missed":{missed}}}"#, texts.join(","))
    }
}

impl State {
    fn add(&mut self, text: Arc<str>, is_log: bool, is_list: bool) {
        if !is_log && self.changes.contains(&text) {
            return;
        }
        if !is_list && self.bytes + text.len() > MAX_BYTES {
            if is_log {
                self.dropped += 1;
            } else {
                self.missed = true;
            }
            return;
        }
        self.bytes += text.len();
        if !is_log {
            self.changes.insert(Arc::clone(&text));
        }
        self.texts.push_back(text);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Events").field("wanted", &self.wanted).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    const UPDATED: &str = "notifications/resources/updated";
    const TOOLS: &str = "notifications/tools/list_changed";

    fn events() -> (Events, Arc<AtomicUsize>) {
        let woken = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&woken);
        let wanted = [LOG, UPDATED, TOOLS].map(ToOwned::to_owned).to_vec();
        let wake = Box::new(move || _ = count.fetch_add(1, Ordering::Relaxed));
        (Events::new(wanted, wake), woken)
    }

    #[test]
    fn changes_count_once_until_they_are_taken() {
        let (events, woken) = events();
        for _ in 0..3 {
            events.add(UPDATED, Some(r#"{"uri":"a:b"}"#));
            events.add(TOOLS, Some(r#"{"any":1}"#));
            events.add(TOOLS, None);
            events.add("notifications/unknown", None);
        }
        let update = r#"{"method":"notifications/resources/updated","params":{"uri":"a:b"}}"#;
        let list = r#"{"method":"notifications/tools/list_changed","params":{}}"#;
        assert_eq!(events.take(), format!(r#"{{"events":[{update},{list}],"dropped":0,"missed":false}}"#));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        assert_eq!(events.take(), r#"{"events":[],"dropped":0,"missed":false}"#);
        events.add(UPDATED, Some(r#"{"uri":"a:b"}"#));
        assert_eq!(woken.load(Ordering::Relaxed), 2);
        assert_eq!(events.take(), format!(r#"{{"events":[{update}],"dropped":0,"missed":false}}"#));
    }

    #[test]
    fn a_flood_is_bounded_and_is_reported() {
        let (events, woken) = events();
        let long = "x".repeat(1000);
        for number in 0..5000 {
            events.add(LOG, Some(&format!(r#"{{"data":"{long}{number}"}}"#)));
            events.add(UPDATED, Some(&format!(r#"{{"uri":"a:{long}{number}"}}"#)));
        }
        events.add(TOOLS, None);
        let taken = events.take();
        assert!(taken.len() < MAX_BYTES + 1000, "{}", taken.len());
        assert!(taken.contains("tools/list_changed"));
        assert!(taken.ends_with(r#""missed":true}"#));
        assert!(!taken.contains(r#""dropped":0"#));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
    }
}
