//! The events of process trees. JavaScript is woken, and then takes all events.

use super::error::{Result, system};
use super::process::shapes::epoch;
use super::time::whole_milliseconds;
use super::waker::waker;
use crate::registry::events::{Event, EventKind, Listener};
use crate::supervisor::Supervisor;
use napi::bindgen_prelude::Function;
use napi_derive::napi;
use std::sync::Arc;

/// An event of a process tree, or of a process that the cleanup ended.
#[napi(object, object_from_js = false)]
pub struct TreeEvent {
    /// The kind of the event.
    pub kind: TreeEventKind,
    /// The root's pid.
    pub pid: u32,
    /// The MCP server, or what the caller calls it.
    pub server: Option<String>,
    /// The tool, likewise.
    pub tool: Option<String>,
    /// Epoch ms.
    pub time: f64,
    /// The ms from start to exit, of an exit.
    pub duration: Option<f64>,
    /// The root's exit code, of an exit.
    pub exit_code: Option<u32>,
    /// The number of the signal that ended the root, of an exit.
    pub signal: Option<i32>,
    /// The reason in the words of the metrics, of an exit and a kill.
    pub reason: Option<&'static str>,
}

/// The kind of an event.
#[napi(string_enum = "lowercase")]
pub enum TreeEventKind {
    /// A tree has started.
    Spawn,
    /// The last process of a tree has exited.
    Exit,
    /// procward ends a tree or a process.
    Kill,
}

/// A subscription to the events of this process's trees. Trees that run already are reported as `spawn`.
#[napi]
pub struct TreeEvents(Option<Arc<Listener>>);

#[napi]
impl TreeEvents {
    /// Subscribes. `wake` is called when there are events to take, and does not keep the event loop alive.
    #[napi(constructor)]
    pub fn new(wake: Function<(), ()>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        Ok(Self(Some(supervisor.registry.subscribe(waker(&wake)?))))
    }

    /// Takes the events since the last call, oldest first.
    #[napi]
    pub fn take(&self) -> Vec<TreeEvent> {
        self.0.iter().flat_map(|listener| listener.take()).map(TreeEvent::from).collect()
    }

    /// Unsubscribes.
    #[napi]
    pub fn stop(&mut self) {
        self.0 = None;
    }
}

impl From<Event> for TreeEvent {
    fn from(Event { pid, label, time, kind }: Event) -> Self {
        let event = Self {
            kind: TreeEventKind::Spawn,
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
            EventKind::Killed(reason) => Self { kind: TreeEventKind::Kill, reason: Some(reason), ..event },
            EventKind::Exited { duration, exit, reason } => Self {
                kind: TreeEventKind::Exit,
                duration: Some(whole_milliseconds(duration)),
                exit_code: exit.code.map(i32::cast_unsigned),
                signal: exit.signal,
                reason: Some(reason),
                ..event
            },
        }
    }
}
