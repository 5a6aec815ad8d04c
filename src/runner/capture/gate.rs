//! The decision, made by JavaScript, when an output is read.

use crate::runner::lines::Stream;
use std::sync::Arc;
use tokio::sync::watch;

/// The state of the reading of one output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// No caller has asked for the output yet. Its bytes wait in the pipe until the root exits or is terminated.
    Waiting,
    /// The output is read.
    Open,
    /// Its reader is behind. Its bytes wait in the pipe.
    Paused,
}

/// The gates of both outputs.
#[derive(Debug, Clone)]
pub struct Gates(Arc<[watch::Sender<Gate>; 2]>);

impl Gates {
    /// Makes gates that wait for the first caller.
    pub fn waiting() -> Self {
        Self::new(Gate::Waiting)
    }

    /// Makes gates of outputs that are read from their start.
    pub fn open() -> Self {
        Self::new(Gate::Open)
    }

    fn new(gate: Gate) -> Self {
        Self(Arc::new([watch::Sender::new(gate), watch::Sender::new(gate)]))
    }

    /// Sets the gate of one output.
    pub fn set(&self, stream: Stream, gate: Gate) {
        self.of(stream).send_replace(gate);
    }

    /// Opens the gates that still wait for their first caller, because a full pipe would delay the end of the tree.
    pub fn open_waiting(&self) {
        for gate in &*self.0 {
            gate.send_if_modified(|gate| {
                let waits = *gate == Gate::Waiting;
                if waits {
                    *gate = Gate::Open;
                }
                waits
            });
        }
    }

    /// Returns a receiver of the gate of one output.
    pub fn subscribe(&self, stream: Stream) -> watch::Receiver<Gate> {
        self.of(stream).subscribe()
    }

    fn of(&self, stream: Stream) -> &watch::Sender<Gate> {
        let [stdout, stderr] = &*self.0;
        if stream == Stream::Stdout { stdout } else { stderr }
    }
}
