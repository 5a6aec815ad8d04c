//! The calls in flight, by their callers' numbers: the deadline of each, and how it is given up.

use super::error::CallError;
use super::pages::Page;
use super::request::{Listeners, Outcome, Request, Settle};
use super::server_config::{Key, ServerConfig};
use super::session::{ANSWER_TIMEOUT, Session};
use super::session_factory::SessionFactory;
use crate::pool::{Dispatcher, Lease, Pool};
use crate::timer::Timer;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// A call, as its caller sees it.
pub struct Call {
    /// The caller's number for the call.
    pub number: u32,
    /// The server's key.
    pub key: Key,
    /// The request.
    pub request: Arc<Request>,
    /// The callbacks for what happens before the outcome.
    pub listeners: Listeners,
    /// The way in which the request stays in flight, if it does.
    pub stay: Option<Stay>,
    /// The place of the request in a list of pages, if it is in one.
    pub page: Option<Page>,
    /// True if the call fails rather than wait for the pause between two starts of the server.
    pub yields: bool,
    /// True if the server of the latest session works without a handshake.
    pub is_stateless: bool,
    /// The callback for the outcome, which is called once, on any thread, with `is_stateless`.
    pub settle: Box<dyn FnOnce(Outcome, bool) + Send>,
}

/// A request that stays until it is given up or its session ends, as a subscription does. It holds its session, and takes
/// no place of a call. Its outcome is its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stay {
    /// The server's answer is the end.
    UntilAnswered,
    /// The server's answer is the beginning. When given up, the server gets a request with this method.
    UntilLeft(String),
}

/// All calls in flight.
pub struct InFlight {
    state: Mutex<State>,
    dispatcher: Arc<Dispatcher<SessionFactory>>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    all: BTreeMap<u32, Entry>,
    deadlines: BTreeSet<(Instant, u32)>,
    timer: Timer,
}

struct Entry {
    deadline: Option<Instant>,
    stage: Stage,
}

enum Stage {
    /// About to wait, or to be sent.
    Between,
    /// In the queue for a session.
    Waits(Attempt),
    /// Sent over a session, with this id.
    Sent(Arc<Session>, i64),
    /// Begun, and held until it is given up or the session ends.
    Stays(Box<Standing>),
    /// Given up, for this reason. The thread that has the call in hand settles it.
    GivenUp(CallError),
}

/// A request whose answer has begun it.
struct Standing {
    call: Call,
    lease: Lease<SessionFactory>,
    /// The task that waits for the end of the session.
    watcher: AbortHandle,
}

/// A call without a session yet.
pub struct Attempt {
    /// The call.
    pub call: Call,
    /// The server's configuration.
    pub config: Arc<ServerConfig>,
    /// The number of sessions that had the call before.
    pub tried: usize,
    /// True if a server refused a session that had the call.
    pub is_refused: bool,
}

impl Attempt {
    /// Returns whether the attempt gives way. After another session the call waits, because a call that begins anew would not
    /// know how many sessions have had it.
    fn yields(&self) -> bool {
        self.call.yields && self.tried == 0
    }
}

impl InFlight {
    /// Makes an empty table.
    pub fn new(runtime: Handle, dispatcher: Arc<Dispatcher<SessionFactory>>) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), dispatcher, runtime })
    }

    /// Adds a call. Without a deadline it may take for ever.
    pub fn begin(self: &Arc<Self>, number: u32, deadline: Option<Instant>) {
        let mut state = self.state.lock();
        state.all.insert(number, Entry { deadline, stage: Stage::Between });
        if let Some(deadline) = deadline {
            state.deadlines.insert((deadline, number));
            self.arm(&mut state);
        }
    }

    /// Queues a call for a session of this pool.
    pub fn wait(&self, attempt: Attempt, pool: &Pool<SessionFactory>) {
        let mut state = self.state.lock();
        let (number, key, yields) = (attempt.call.number, attempt.call.key, attempt.yields());
        let cancel_reason = match state.all.get_mut(&number) {
            Some(Entry { stage: Stage::GivenUp(reason), .. }) => reason.clone(),
            Some(entry) => {
                entry.stage = Stage::Waits(attempt);
                // The call is queued under the lock, so that giving up the call finds it in the queue.
                self.dispatcher.wait(pool, &key, yields, number);
                return;
            }
            None => CallError::Aborted,
        };
        drop(state);
        self.settle(attempt.call, Err(cancel_reason));
    }

    /// Takes a call out of the queue, unless it has been given up.
    pub fn waited(&self, number: u32) -> Option<Attempt> {
        let mut state = self.state.lock();
        let entry = state.all.get_mut(&number)?;
        if !matches!(entry.stage, Stage::Waits(_)) {
            return None;
        }
        match std::mem::replace(&mut entry.stage, Stage::Between) {
            Stage::Waits(attempt) => Some(attempt),
            _ => None,
        }
    }

    /// Registers a call's request with a session, so that from now on giving up the call gives up the request.
    ///
    /// # Errors
    /// The call has been given up already, or the session has ended; with `settle` unused.
    pub fn register(
        &self,
        number: u32,
        session: &Arc<Session>,
        listeners: Listeners,
        settle: Settle,
    ) -> Result<i64, (CallError, Settle)> {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return Err((CallError::Aborted, settle)) };
        if let Stage::GivenUp(reason) = &entry.stage {
            return Err((reason.clone(), settle));
        }
        let id = session.register(listeners, settle)?;
        entry.stage = Stage::Sent(Arc::clone(session), id);
        Ok(id)
    }

    /// Begins another attempt, unless the call has been given up.
    pub fn again(&self, number: u32) {
        let mut state = self.state.lock();
        if let Some(entry) = state.all.get_mut(&number)
            && !matches!(entry.stage, Stage::GivenUp(_))
        {
            entry.stage = Stage::Between;
        }
    }

    /// Settles a call.
    pub fn settle(&self, call: Call, outcome: Outcome) {
        let mut state = self.state.lock();
        if let Some(Entry { deadline: Some(deadline), .. }) = state.all.remove(&call.number) {
            state.deadlines.remove(&(deadline, call.number));
        }
        drop(state);
        (call.settle)(outcome, call.is_stateless);
    }

    /// Notes that a request which stays has begun: from now on it has no deadline.
    pub fn begun(&self, number: u32) {
        let mut state = self.state.lock();
        if let Some(deadline) = state.all.get_mut(&number).and_then(|entry| entry.deadline.take()) {
            state.deadlines.remove(&(deadline, number));
        }
    }

    /// Keeps a request that the server's answer has begun. Returns `false` if the request was given up meanwhile.
    pub fn keep(self: &Arc<Self>, call: Call, lease: Lease<SessionFactory>) -> bool {
        let number = call.number;
        self.begun(number);
        let mut state = self.state.lock();
        let cancel_reason = match state.all.get_mut(&number) {
            Some(Entry { stage: Stage::GivenUp(reason), .. }) => reason.clone(),
            Some(entry) => {
                let (ended, calls) = (lease.member().ended_or_lost(), Arc::downgrade(self));
                let watcher = self.runtime.spawn(async move {
                    ended.await;
                    if let Some(calls) = calls.upgrade() {
                        calls.session_ended(number);
                    }
                });
                entry.stage = Stage::Stays(Box::new(Standing { call, lease, watcher: watcher.abort_handle() }));
                return true;
            }
            None => CallError::Aborted,
        };
        drop(state);
        leave(&call, &lease);
        self.settle(call, Err(cancel_reason));
        false
    }

    /// Settles a request that stayed, because its session has ended.
    fn session_ended(&self, number: u32) {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return };
        if !matches!(entry.stage, Stage::Stays(_)) {
            return;
        }
        let Stage::Stays(standing) = std::mem::replace(&mut entry.stage, Stage::Between) else { return };
        drop(state);
        let end = standing.lease.end_status();
        drop(standing.lease);
        self.settle(standing.call, Err(CallError::Exited(end)));
    }

    /// Gives a call up, for this reason.
    pub fn give_up(&self, number: u32, reason: CallError) {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return };
        if matches!(entry.stage, Stage::GivenUp(_)) {
            return;
        }
        let before = std::mem::replace(&mut entry.stage, Stage::GivenUp(reason.clone()));
        drop(state);
        match before {
            Stage::Waits(attempt) => {
                self.dispatcher.cancel(number);
                self.settle(attempt.call, Err(reason));
            }
            Stage::Sent(session, id) => session.give_up(id, reason),
            Stage::Stays(standing) => {
                standing.watcher.abort();
                leave(&standing.call, &standing.lease);
                drop(standing.lease);
                self.settle(standing.call, Err(reason));
            }
            Stage::Between | Stage::GivenUp(_) => {}
        }
    }

    /// Returns the calls that a server is working on, with the server's pid if it is a process.
    pub fn sent(&self) -> Vec<(u32, Option<u32>)> {
        let state = self.state.lock();
        let sent = |(number, entry): (&u32, &Entry)| match &entry.stage {
            Stage::Sent(session, _) => Some((*number, session.pid())),
            _ => None,
        };
        state.all.iter().filter_map(sent).collect()
    }

    fn arm(self: &Arc<Self>, state: &mut State) {
        let next = state.deadlines.first().map(|(deadline, _)| deadline.into_std());
        let calls = Arc::downgrade(self);
        state.timer.arm(next, Instant::now().into_std(), &self.runtime, move |deadline| {
            if let Some(calls) = calls.upgrade() {
                calls.on_timer(deadline.into());
            }
        });
    }

    /// Gives up the calls with a deadline that has passed.
    fn on_timer(self: &Arc<Self>, deadline: Instant) {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.timer.fired(deadline.into_std());
        let due: Vec<u32> = state.deadlines.range(..=(now, u32::MAX)).map(|(_, number)| *number).collect();
        for number in &due {
            if let Some(deadline) = state.all.get(number).and_then(|entry| entry.deadline) {
                state.deadlines.remove(&(deadline, *number));
            }
        }
        self.arm(&mut state);
        let sent = due.iter().filter_map(|number| match &state.all.get(number)?.stage {
            Stage::Sent(session, _) => Some(Arc::clone(session)),
            _ => None,
        });
        let sessions: Vec<Arc<Session>> = sent.collect();
        drop(state);
        // The answer may be in the pipe while the event loop that reads it is busy.
        for session in sessions {
            session.read_available();
        }
        for number in due {
            self.give_up(number, CallError::TimedOut);
        }
    }
}

/// Ends a request that stayed at its server.
pub fn leave(call: &Call, lease: &Lease<SessionFactory>) {
    if let Some(Stay::UntilLeft(method)) = &call.stay {
        let request = Request::new(method.clone(), call.request.params.clone());
        lease.member().send_unanswered(&request, Some(ANSWER_TIMEOUT));
    }
}
