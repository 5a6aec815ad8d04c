//! The policies that are compared: a fixed limit, and the controller.

use super::machine::{Policy, View};
use crate::limit::controller::{Controller, Ended, Reading, Rules};
use crate::limit::memory::{self, Machine};
use crate::limit::peaks::ProcessId;
use crate::limit::processor::{self, Pressure};
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// A fixed limit.
pub struct Fixed {
    limit: usize,
    waiting: VecDeque<u64>,
}

impl Fixed {
    pub fn new(limit: usize) -> Self {
        Self { limit, waiting: VecDeque::new() }
    }
}

impl Policy for Fixed {
    fn queue(&mut self, id: u64, _server: usize) {
        self.waiting.push_back(id);
    }

    fn see(&mut self, _view: &View<'_>) {}

    fn admit(&mut self, view: &View<'_>) -> Option<u64> {
        if view.running.len() < self.limit { self.waiting.pop_front() } else { None }
    }

    fn ended(&mut self, _id: u64, _was_killed: bool, _now: Duration) {}
}

/// The controller, driven as in production.
pub struct Auto {
    controller: Controller,
    ids: HashMap<u64, ProcessId>,
    calls: HashMap<ProcessId, u64>,
    changes: usize,
    limit: Option<usize>,
}

impl Auto {
    pub fn new(cores: u32) -> Self {
        let processor = processor::Rules { cores: cores as usize, max: None };
        let rules = Rules { memory: Some(memory::Rules::default()), processor: Some(processor) };
        let controller = Controller::new(rules);
        let limit = controller.limit();
        Self { controller, ids: HashMap::new(), calls: HashMap::new(), changes: 0, limit }
    }
}

impl Policy for Auto {
    fn queue(&mut self, id: u64, server: usize) {
        let process = self.controller.request(["asana", "browser", "files", "search"][server]);
        self.ids.insert(id, process);
        self.calls.insert(process, id);
    }

    fn see(&mut self, view: &View<'_>) {
        if self.controller.next_reading().is_none_or(|due| due > view.now) {
            return;
        }
        let trees = view.running.iter().map(|process| (self.ids[&process.id], bytes(process.memory))).collect();
        let machine = Machine { available: bytes(view.free), total: bytes(view.shape.memory) };
        let pressure = Some(Pressure::Waiting(view.cpu_pressure));
        self.controller.read(&Reading { machine: Some(machine), pressure, trees }, view.now);
        let limit = self.controller.limit();
        self.changes += usize::from(limit != self.limit);
        self.limit = limit;
    }

    fn admit(&mut self, view: &View<'_>) -> Option<u64> {
        self.controller.admit(view.now).map(|process| self.calls[&process])
    }

    fn ended(&mut self, id: u64, was_killed: bool, now: Duration) {
        let Some(process) = self.ids.remove(&id) else { return };
        self.calls.remove(&process);
        self.controller.ended(process, Ended { peak: None, out_of_memory: was_killed }, now);
    }

    fn changes(&self) -> usize {
        self.changes
    }
}

/// Converts MiB to bytes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the simulated memory is small")]
fn bytes(mib: f64) -> u64 {
    (mib.max(0.0) * 1024.0 * 1024.0) as u64
}
