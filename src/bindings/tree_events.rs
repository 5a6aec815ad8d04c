//! What becomes of process trees, on its way to JavaScript, which is woken and then takes it.

use super::error::{Result, internal};
use super::process::shapes::{epoch, milliseconds};
use crate::registry::events::{Event, EventKind, Listener};
use crate::supervisor::Supervisor;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use std::sync::Arc;

/// Something that happened to a process tree, or to a process that the cleanup ended.
#[napi(object, object_from_js = false)]
pub struct TreeEvent {
    /// What happened.
    #[napi(ts_type = "'spawn' | 'exit' | 'kill'")]
    pub kind: &'static str,
    /// The root's pid.
    pub pid: u32,
    /// Who it runs for.
    pub server: Option<String>,
    /// What it runs for.
    pub tool: Option<String>,
    /// Epoch ms.
    pub time: f64,
    /// Of an exit: ms that the tree was there.
    pub duration: Option<f64>,
    /// Of an exit: the root's exit code.
    pub exit_code: Option<u32>,
    /// Of an exit: the number of the signal that ended the root.
    pub signal: Option<i32>,
    /// Of an exit and a kill: why, in the words of the metrics.
    pub reason: Option<&'static str>,
}

/// All events of this process's trees, beginning with those that run now, until `stop()`.
#[napi]
pub struct TreeEvents(Option<Arc<Listener>>);

#[napi]
impl TreeEvents {
    /// `wake` is called when there is something to take. It does not keep the event loop alive.
    #[napi(constructor)]
    pub fn new(wake: Function<(), ()>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(|error| internal(error.into()))?;
        let wake = wake.build_threadsafe_function().weak::<true>().build().map_err(internal)?;
        let listener = supervisor.registry.subscribe(move || {
            // Refused only when the environment has ended.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(Self(Some(listener)))
    }

    /// What has happened since the last time, oldest first.
    #[napi]
    pub fn take(&self) -> Vec<TreeEvent> {
        self.0.iter().flat_map(|listener| listener.take()).map(TreeEvent::from).collect()
    }

    /// Listens no more.
    #[napi]
    pub fn stop(&mut self) {
        self.0 = None;
    }
}

impl From<Event> for TreeEvent {
    fn from(Event { pid, label, time, kind }: Event) -> Self {
        let event = Self {
            kind: "spawn",
            pid,
            server: label.server,
            tool: label.tool,
            time: epoch(time),
            duration: None,
            exit_code: None,
            signal: None,
            reason: None,
        };
        match kind {
            EventKind::Spawned => event,
            EventKind::Killed(reason) => Self { kind: "kill", reason: Some(reason), ..event },
            EventKind::Exited { duration, exit, reason } => Self {
                kind: "exit",
                duration: Some(milliseconds(duration).floor()),
                exit_code: exit.code.map(i32::cast_unsigned),
                signal: exit.signal,
                reason: Some(reason),
                ..event
            },
        }
    }
}
