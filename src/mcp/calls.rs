//! The calls under way, by their callers' numbers: until when each may take, and how it is given up.

use super::conversation::Settle;
use super::definition::Definition;
use super::error::CallError;
use super::factory::SessionFactory;
use super::pool::Call;
use super::request::Outcome;
use super::session::Session;
use crate::pool::Place;
use parking_lot::Mutex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::runtime::Handle;
#[cfg(feature = "http")]
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep_until};

/// All of them.
pub struct Calls {
    state: Mutex<State>,
    runtime: Handle,
}

#[derive(Default)]
struct State {
    all: BTreeMap<u32, Entry>,
    deadlines: BTreeSet<(Instant, u32)>,
    timer: Option<Timer>,
}

struct Entry {
    deadline: Option<Instant>,
    stage: Stage,
}

enum Stage {
    /// About to wait, or to be asked.
    Between,
    /// It waits for a session.
    Waits(Attempt, Place<SessionFactory>),
    /// A session has been asked, over its pipes.
    Asked(Arc<Session>, i64),
    /// A task waits for the answer.
    #[cfg(feature = "http")]
    Served(oneshot::Sender<CallError>),
    /// Given up, for this reason; whoever has it in hand is about to hear.
    GivenUp(CallError),
}

/// A call on its way to a session.
pub struct Attempt {
    /// The call.
    pub call: Call,
    /// The server that it goes to.
    pub definition: Arc<Definition>,
    /// How many sessions it was given before.
    pub tried: usize,
}

/// The one timer, for the earliest deadline or something before it.
struct Timer {
    deadline: Instant,
    task: AbortHandle,
}

impl Calls {
    /// None yet.
    pub fn new(runtime: Handle) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), runtime })
    }

    /// A call begins. Without a deadline it may take for ever.
    pub fn begin(self: &Arc<Self>, number: u32, deadline: Option<Instant>) {
        let mut state = self.state.lock();
        state.all.insert(number, Entry { deadline, stage: Stage::Between });
        if let Some(deadline) = deadline {
            state.deadlines.insert((deadline, number));
            self.arm(&mut state);
        }
    }

    /// It waits from now on, in the place that it is given.
    pub fn wait(&self, attempt: Attempt, place: impl FnOnce() -> Place<SessionFactory>) {
        let mut state = self.state.lock();
        let why = match state.all.get_mut(&attempt.call.number) {
            Some(Entry { stage: Stage::GivenUp(why), .. }) => why.clone(),
            // The place is taken under the lock: whoever is given a session in it at once finds that it waits.
            Some(entry) => return entry.stage = Stage::Waits(attempt, place()),
            None => CallError::Aborted,
        };
        drop(state);
        self.settle(attempt.call, Err(why));
    }

    /// Its waiting is over, unless it has been given up.
    pub fn waited(&self, number: u32) -> Option<Attempt> {
        let mut state = self.state.lock();
        let entry = state.all.get_mut(&number)?;
        if !matches!(entry.stage, Stage::Waits(..)) {
            return None;
        }
        let waited = std::mem::replace(&mut entry.stage, Stage::Between);
        // Giving the place up takes the pool's lock.
        drop(state);
        match waited {
            Stage::Waits(attempt, _place) => Some(attempt),
            _ => None,
        }
    }

    /// A task waits for the answer; the receiver hears why it is given up.
    ///
    /// # Errors
    /// It has been given up already.
    #[cfg(feature = "http")]
    pub fn serve(&self, number: u32) -> Result<oneshot::Receiver<CallError>, CallError> {
        let (sender, receiver) = oneshot::channel();
        self.advance(number, Stage::Served(sender)).map(|()| receiver)
    }

    /// A session is asked: registers the request with it, so that from now on giving up the one gives up the other.
    ///
    /// # Errors
    /// It has been given up already, or the session has ended; with who wants to know.
    pub fn ask(
        &self,
        number: u32,
        session: &Arc<Session>,
        settle: Settle,
        register: impl FnOnce(Settle) -> Result<i64, (CallError, Settle)>,
    ) -> Result<i64, (CallError, Settle)> {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return Err((CallError::Aborted, settle)) };
        if let Stage::GivenUp(why) = &entry.stage {
            return Err((why.clone(), settle));
        }
        let asked = register(settle)?;
        entry.stage = Stage::Asked(Arc::clone(session), asked);
        Ok(asked)
    }

    /// It starts again, with another session.
    pub fn again(&self, number: u32) {
        // Whoever has been given up stays so.
        let _ = self.advance(number, Stage::Between);
    }

    /// It has an outcome.
    pub fn settle(&self, call: Call, outcome: Outcome) {
        let mut state = self.state.lock();
        if let Some(Entry { deadline: Some(deadline), .. }) = state.all.remove(&call.number) {
            state.deadlines.remove(&(deadline, call.number));
        }
        drop(state);
        (call.settle)(outcome);
    }

    /// Gives it up, for this reason.
    pub fn give_up(&self, number: u32, why: CallError) {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return };
        if matches!(entry.stage, Stage::GivenUp(_)) {
            return;
        }
        let before = std::mem::replace(&mut entry.stage, Stage::GivenUp(why.clone()));
        drop(state);
        match before {
            Stage::Waits(attempt, place) => {
                drop(place);
                self.settle(attempt.call, Err(why));
            }
            Stage::Asked(session, asked) => session.give_up(asked, why),
            #[cfg(feature = "http")]
            Stage::Served(sender) => drop(sender.send(why)),
            Stage::Between | Stage::GivenUp(_) => {}
        }
    }

    /// Those that a server is working on, with its pid if it is a process.
    pub fn served(&self) -> Vec<(u32, Option<u32>)> {
        let state = self.state.lock();
        let served = |(number, entry): (&u32, &Entry)| match &entry.stage {
            Stage::Asked(session, _) => Some((*number, session.pid())),
            #[cfg(feature = "http")]
            Stage::Served(_) => Some((*number, None)),
            _ => None,
        };
        state.all.iter().filter_map(served).collect()
    }

    fn advance(&self, number: u32, to: Stage) -> Result<(), CallError> {
        let mut state = self.state.lock();
        let Some(entry) = state.all.get_mut(&number) else { return Err(CallError::Aborted) };
        if let Stage::GivenUp(why) = &entry.stage {
            return Err(why.clone());
        }
        entry.stage = to;
        Ok(())
    }

    /// A timer that rings before the earliest deadline is left to do so: most calls end long before theirs, and each timer
    /// that is set wakes a thread.
    fn arm(self: &Arc<Self>, state: &mut State) {
        let Some(&(deadline, _)) = state.deadlines.first() else { return };
        match &state.timer {
            Some(timer) if timer.deadline <= deadline => return,
            Some(timer) => timer.task.abort(),
            None => {}
        }
        let calls = Arc::downgrade(self);
        let task = self.runtime.spawn(async move {
            sleep_until(deadline).await;
            if let Some(calls) = calls.upgrade() {
                calls.ring(deadline);
            }
        });
        state.timer = Some(Timer { deadline, task: task.abort_handle() });
    }

    fn ring(self: &Arc<Self>, rung: Instant) {
        let now = Instant::now();
        let mut state = self.state.lock();
        // Another one may have been set while this one rang.
        state.timer.take_if(|timer| timer.deadline == rung);
        let due: Vec<u32> = state.deadlines.range(..=(now, u32::MAX)).map(|(_, number)| *number).collect();
        for number in &due {
            if let Some(deadline) = state.all.get(number).and_then(|entry| entry.deadline) {
                state.deadlines.remove(&(deadline, *number));
            }
        }
        self.arm(&mut state);
        let asked = due.iter().filter_map(|number| match &state.all.get(number)?.stage {
            Stage::Asked(session, _) => Some(Arc::clone(session)),
            _ => None,
        });
        let sessions: Vec<Arc<Session>> = asked.collect();
        drop(state);
        // The answer may be there, and the event loop that should read it busy.
        for session in sessions {
            session.glance();
        }
        for number in due {
            self.give_up(number, CallError::TimedOut);
        }
    }
}
