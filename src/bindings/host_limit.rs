//! Slots that the processes of a user share on one machine.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::error::{Result, internal, system};
use crate::process::host_limit::{Acquired, Folder, Held, Slots};
use crate::supervisor::Supervisor;
use napi::Env;
use napi::bindgen_prelude::Object;
use napi_derive::napi;
use parking_lot::Mutex;
use slab::Slab;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::oneshot;

/// The handle of a wait that was given up.
const NONE: i32 = -1;

/// One limit: the overall one, or one server's.
#[napi]
pub struct NativeHostLimit {
    /// `None` once closed.
    slots: Mutex<Option<Slots>>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The slots that are held, by handle. They are given back when their environment ends.
    held: Slab<Held>,
    /// Ends the wait with this ticket when it is dropped.
    waits: HashMap<u32, oneshot::Sender<()>>,
    last_ticket: u32,
}

/// Slots, or a wait for them.
#[napi(object, object_from_js = false)]
pub struct HostSlots<'env> {
    /// The handle for `release()`, if no process waited and enough slots were free.
    pub handle: Option<i32>,
    /// For `cancel()`.
    pub ticket: Option<u32>,
    /// Resolves with a handle for `release()`, or with -1 after `cancel()`. Rejects with the problem of a file.
    #[napi(ts_type = "Promise<number>")]
    pub turn: Option<Object<'env>>,
}

#[napi]
impl NativeHostLimit {
    /// Opens the limit in a folder, the user's own by default. Throws the message of the folder's problem.
    #[napi(constructor)]
    pub fn new(folder: Option<String>, server: Option<String>, limit: u32) -> Result<Self> {
        let folder = Folder::open(folder.as_deref().map(Path::new)).map_err(unavailable)?;
        let slots = Slots::open(&folder, server.as_deref(), limit).map_err(unavailable)?;
        Ok(Self { slots: Mutex::new(Some(slots)), state: Arc::default() })
    }

    /// Takes slots, at once or after all that wait for them.
    #[napi]
    pub fn acquire<'env>(&self, env: &'env Env, cost: u32) -> Result<HostSlots<'env>> {
        let slots = self.slots.lock().clone().ok_or_else(|| unavailable("the limit was closed"))?;
        let granted = match slots.acquire(cost).map_err(unavailable)? {
            Acquired::Now(held) => {
                return Ok(HostSlots { handle: Some(keep(&self.state, held)), ticket: None, turn: None });
            }
            Acquired::Later(granted) => granted,
        };
        let supervisor = Supervisor::get().map_err(system)?;
        let (deferred, turn) = env.create_deferred().map_err(internal)?;
        let (cancel, cancelled) = oneshot::channel();
        let mut state = self.state.lock();
        state.last_ticket = state.last_ticket.wrapping_add(1);
        let ticket = state.last_ticket;
        state.waits.insert(ticket, cancel);
        drop(state);
        let state = Arc::clone(&self.state);
        supervisor.runtime.spawn(async move {
            let held = tokio::select! {
                held = granted => held.ok().transpose(),
                _ = cancelled => Ok(None),
            };
            if matches!(held, Ok(None)) {
                slots.gave_up();
            }
            state.lock().waits.remove(&ticket);
            let handle = held.map(|held| held.map_or(NONE, |held| keep(&state, held)));
            match handle {
                Ok(handle) => deferred.resolve(move |_| Ok(handle)),
                Err(error) => deferred.reject(napi::Error::from_reason(error.to_string())),
            }
        });
        Ok(HostSlots { handle: None, ticket: Some(ticket), turn: Some(turn) })
    }

    /// Changes the limit of this process.
    #[napi]
    pub fn resize(&self, limit: u32) {
        if let Some(slots) = &*self.slots.lock() {
            slots.resize(limit);
        }
    }

    /// Gives a wait up. Its promise resolves with -1, unless it has its slots already.
    #[napi]
    pub fn cancel(&self, ticket: u32) {
        self.state.lock().waits.remove(&ticket);
    }

    /// Gives slots back.
    #[napi]
    pub fn release(&self, handle: i32) {
        let held = usize::try_from(handle).ok().and_then(|handle| self.state.lock().held.try_remove(handle));
        drop(held);
    }

    /// Returns the number of waiters.
    #[napi]
    pub fn waiting(&self) -> u32 {
        let waiting = self.slots.lock().as_ref().map_or(0, Slots::waiting);
        u32::try_from(waiting).unwrap_or(u32::MAX)
    }

    /// Lets no new caller come. The files are closed with the last slot that is given back.
    #[napi]
    pub fn close(&self) {
        if let Some(slots) = self.slots.lock().take() {
            slots.close();
        }
    }
}

fn unavailable(problem: impl ToString) -> napi::Error<&'static str> {
    napi::Error::new("ERR_LIMIT_UNAVAILABLE", problem.to_string())
}

fn keep(state: &Mutex<State>, held: Held) -> i32 {
    i32::try_from(state.lock().held.insert(held)).unwrap_or(i32::MAX)
}
