//! The requests of servers that JavaScript answers, bounded in number and in size for each session.

use super::jsonrpc;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The number of requests of one session that may wait for an answer. Further ones are refused.
const MAX_WAITING: usize = 64;

/// An event of a server's request.
pub enum RequestEvent {
    /// The server asks.
    Asked {
        /// The server's name.
        server: String,
        /// The method.
        method: String,
        /// The parameters' text; may be empty.
        params: String,
    },
    /// The server wants no answer any more, or its session has ended.
    Withdrawn,
    /// The calls that the server may have asked for were given up. An answer is sent all the same.
    Unneeded,
}

/// Is called with the number of a request, on any thread.
pub type OnServerRequest = Arc<dyn Fn(u32, RequestEvent) + Send + Sync>;

/// Sends a reply to the server.
pub type Respond = Box<dyn FnOnce(Vec<u8>) + Send>;

/// The requests of all servers that wait for an answer.
pub struct ServerRequests {
    notify: OnServerRequest,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last_session: u64,
    last: u32,
    waiting: BTreeMap<u32, Waiting>,
}

struct Waiting {
    session: u64,
    /// The server's id, as the JSON text to send back.
    id: String,
    /// The size of the parameters, in bytes.
    size: usize,
    /// The ids of our requests that the server may ask for, as long as they are in flight.
    causes: BTreeSet<i64>,
    /// True once such a request was given up.
    is_given_up: bool,
    respond: Respond,
}

/// The requests of one session. Dropping withdraws them.
pub struct Inbox {
    all: Arc<ServerRequests>,
    session: u64,
    server: String,
    methods: Arc<[String]>,
    /// The size of all waiting requests, in bytes.
    max_size: usize,
}

impl ServerRequests {
    /// Makes an empty table.
    pub fn new(notify: OnServerRequest) -> Arc<Self> {
        Arc::new(Self { notify, state: Mutex::default() })
    }

    /// Makes the inbox of a session in which these methods are answered. `max_size` bounds its waiting requests, in bytes.
    pub fn inbox(self: &Arc<Self>, server: &str, methods: &Arc<[String]>, max_size: usize) -> Inbox {
        let mut state = self.state.lock();
        state.last_session += 1;
        Inbox {
            all: Arc::clone(self),
            session: state.last_session,
            server: server.to_owned(),
            methods: Arc::clone(methods),
            max_size,
        }
    }

    /// Sends the answer to a request, unless the request has been withdrawn. `answer` is the member `result` or `error`, as
    /// JSON text.
    pub fn answer(&self, number: u32, answer: &str) {
        let Some(waiting) = self.state.lock().waiting.remove(&number) else { return };
        (waiting.respond)(jsonrpc::reply(&waiting.id, answer));
    }

    fn withdraw(&self, is_withdrawn: impl Fn(&Waiting) -> bool) {
        let withdrawn: Vec<(u32, Waiting)> =
            self.state.lock().waiting.extract_if(.., |_, waiting| is_withdrawn(waiting)).collect();
        for (number, _) in withdrawn {
            (self.notify)(number, RequestEvent::Withdrawn);
        }
    }
}

impl Inbox {
    /// Takes a request that the server may have sent for our requests `causes`. Returns the refusal, if the request is not
    /// one to be answered here.
    pub fn take(
        &self,
        id: String,
        method: String,
        params: Option<String>,
        causes: BTreeSet<i64>,
        respond: impl FnOnce() -> Respond,
    ) -> Result<(), Vec<u8>> {
        if !self.methods.contains(&method) {
            return Err(jsonrpc::no_such_method(&id));
        }
        let params = params.unwrap_or_default();
        let number = {
            let mut state = self.all.state.lock();
            let own = || state.waiting.values().filter(|waiting| waiting.session == self.session);
            let size = own().map(|waiting| waiting.size).sum::<usize>() + params.len();
            if own().count() >= MAX_WAITING || size > self.max_size {
                return Err(jsonrpc::busy(&id));
            }
            state.last = state.last.wrapping_add(1);
            let number = state.last;
            let (session, size) = (self.session, params.len());
            let waiting = Waiting { session, id, size, causes, is_given_up: false, respond: respond() };
            state.waiting.insert(number, waiting);
            number
        };
        (self.all.notify)(number, RequestEvent::Asked { server: self.server.clone(), method, params });
        Ok(())
    }

    /// Withdraws the request with this id.
    pub fn withdraw(&self, id: &str) {
        self.all.withdraw(|waiting| waiting.session == self.session && waiting.id == id);
    }

    /// Notes that a request of ours is not in flight any more. The server's requests for it need no answer once it was
    /// given up.
    pub fn settled(&self, cause: i64, is_given_up: bool) {
        let mut unneeded = Vec::new();
        for (number, waiting) in &mut self.all.state.lock().waiting {
            if waiting.session == self.session && waiting.causes.remove(&cause) {
                waiting.is_given_up |= is_given_up;
                if waiting.is_given_up && waiting.causes.is_empty() {
                    unneeded.push(*number);
                }
            }
        }
        for number in unneeded {
            (self.all.notify)(number, RequestEvent::Unneeded);
        }
    }

    /// Withdraws all requests, because there is no server any more.
    pub fn close(&self) {
        self.all.withdraw(|waiting| waiting.session == self.session);
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for ServerRequests {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("ServerRequests").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
