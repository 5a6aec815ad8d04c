//! The admission of processes: which request to start one may go next, and what the others wait for.
//!
//! The driver owns one controller for the whole process, and does this after each event and whenever a reading is due:
//! 1. [`Controller::next_reading`] is due: take a [`Reading`] and pass it to [`Controller::read`].
//! 2. [`Controller::admit`] until it returns nothing: start each process that it returns.
//! 3. [`Controller::make_room`]: terminate the idle processes that it returns.
//! 4. Set the timer for [`Controller::next_reading`].

mod process;
#[cfg(test)]
mod property_test;
mod replace;
mod room;
mod servers;
#[cfg(test)]
mod tests;
mod view;

pub use super::peaks::ProcessId;
pub use process::Ended;
pub use servers::Learnt;

use super::memory::{self, Falls, Machine};
use super::processor::{self, Brake, Change, Pressure};
use super::queue::ServerQueue;
use process::Process;
use servers::Servers;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// The time between two readings while a request waits. No admission rests on an older reading.
pub const READ_WHILE_WAITING: Duration = Duration::from_millis(250);
/// The time between two readings while processes run and no request waits.
pub const READ_WHILE_RUNNING: Duration = Duration::from_secs(5);
/// The number of changes of the limit that are kept.
pub const CHANGES: usize = 64;

/// The rules of a controller. What has no rules limits nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Rules {
    /// The rules of the admission by memory.
    pub memory: Option<memory::Rules>,
    /// The rules of the brake by processor.
    pub processor: Option<processor::Rules>,
}

/// A reading of the machine and of the running process trees. The machine is read first: a tree that exits in between then
/// looks like less memory for a moment, which the controller allows for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The memory. Without it the memory of the last reading counts on; before the first only one process may run.
    pub machine: Option<Machine>,
    /// The pressure on the processors. Without it the limit stays.
    pub pressure: Option<Pressure>,
    /// The memory in bytes of each tree that could be read; 0 for a tree that has exited. The others keep their last one.
    pub trees: Vec<(ProcessId, u64)>,
}

/// The cause for which a request waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitedBy {
    /// The maximum of the rules is reached.
    Slots,
    /// The memory does not suffice, or the server is unknown and has its two processes.
    Memory,
    /// The limit is reached, and the brake has not raised it yet.
    Cpu,
}

/// The admission of processes.
#[derive(Debug)]
pub struct Controller {
    rules: Rules,
    servers: Servers,
    queue: ServerQueue,
    running: BTreeMap<ProcessId, Process>,
    brake: Option<Brake>,
    changes: VecDeque<Change>,
    machine: Option<Machine>,
    read_at: Option<Duration>,
    falls: Falls,
    /// The bytes that other processes of the user are expected to take yet.
    charged_by_others: u64,
    is_work_waiting: bool,
    /// Anything waited because the limit was reached, at any time since the last reading.
    was_full: bool,
}

enum Decision {
    Admit(ProcessId),
    Wait(LimitedBy),
    /// A reading is due before memory can be judged.
    Read,
    /// No request waits.
    Nothing,
}

impl Controller {
    /// Makes a controller.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            servers: Servers::default(),
            queue: ServerQueue::default(),
            running: BTreeMap::new(),
            brake: rules.processor.map(Brake::new),
            changes: VecDeque::new(),
            machine: None,
            read_at: None,
            falls: Falls::default(),
            charged_by_others: 0,
            is_work_waiting: false,
            was_full: false,
        }
    }

    /// Queues a request to start a process of a server. The request waits until [`Self::admit`] returns it.
    pub fn request(&mut self, server: &str) -> ProcessId {
        let server = self.servers.name(server);
        self.servers.used(&server);
        let process = self.queue.push(server);
        self.forget_servers();
        process
    }

    /// Takes back a request that waits. Returns whether it did.
    pub fn cancel(&mut self, process: ProcessId) -> bool {
        self.queue.remove(process).is_some()
    }

    /// Admits the next request that may start its process. The process counts from now on.
    pub fn admit(&mut self, now: Duration) -> Option<ProcessId> {
        let process = match self.decide(Some(now)) {
            Decision::Admit(process) => process,
            Decision::Wait(LimitedBy::Slots | LimitedBy::Cpu) => {
                self.was_full = true;
                return None;
            }
            Decision::Wait(LimitedBy::Memory) | Decision::Read | Decision::Nothing => return None,
        };
        let server = self.queue.remove(process)?;
        self.servers.started(&server);
        self.running.insert(process, Process::new(server, now));
        Some(process)
    }

    /// Notes that an admitted process starts later, so that its not growing teaches nothing.
    pub fn set_reserved(&mut self, process: ProcessId) {
        if let Some(process) = self.running.get_mut(&process) {
            process.is_reserved = true;
        }
    }

    /// Notes that the start of a reserved process begins.
    pub fn begin(&mut self, process: ProcessId, now: Duration) {
        if let Some(process) = self.running.get_mut(&process) {
            *process = Process::new(Arc::clone(&process.server), now);
        }
    }

    /// Notes that a process is idle and may be ended to make room.
    pub fn set_idle(&mut self, process: ProcessId, now: Duration) {
        if let Some(process) = self.running.get_mut(&process) {
            process.idle_since.get_or_insert(now);
        }
    }

    /// Notes that a process is in use. A process that was chosen to end, but is in use before its end began, stays.
    pub fn set_busy(&mut self, process: ProcessId) {
        if let Some(process) = self.running.get_mut(&process) {
            (process.idle_since, process.is_ending) = (None, false);
        }
    }

    /// Notes whether work that needs no process of its own waits because [`Self::limit`] is reached. The driver counts
    /// that work, such as calls to running sessions.
    pub fn set_full(&mut self, is_full: bool) {
        self.is_work_waiting = is_full;
        self.was_full |= is_full;
    }

    /// Notes the bytes that other processes of the user are expected to take yet. They are not available to a new process.
    pub fn set_charged_by_others(&mut self, bytes: u64) {
        self.charged_by_others = bytes;
    }

    /// Notes that a process has not been started. Nothing is learnt.
    pub fn start_failed(&mut self, process: ProcessId) {
        if let Some(process) = self.running.remove(&process) {
            self.servers.stopped(&process.server);
        }
    }

    /// Notes that all processes of a tree have exited.
    pub fn ended(&mut self, process: ProcessId, how: Ended, now: Duration) {
        let Some(ended) = self.running.remove(&process) else { return };
        self.servers.stopped(&ended.server);
        if let Some(peak) = ended.learnt_peak(how, self.servers.estimate(&ended.server), now) {
            self.servers.note(&ended.server, process, peak);
        }
        self.servers.settle(&ended.server);
        if how.out_of_memory {
            // The memory is not as the last reading says.
            self.read_at = None;
        } else if let Some(machine) = &mut self.machine {
            machine.available = machine.available.saturating_add(ended.memory).min(machine.total);
        }
    }

    /// Takes a reading.
    pub fn read(&mut self, reading: &Reading, now: Duration) {
        let was_full = std::mem::replace(&mut self.was_full, self.is_work_waiting);
        self.read_at = Some(now);
        for (id, memory) in &reading.trees {
            if let Some(process) = self.running.get_mut(id) {
                process.read(*memory, now);
            }
        }
        for (id, process) in &self.running {
            if process.settles_server(now) {
                self.servers.settle(&process.server);
            }
            if process.is_level() || self.servers.estimate(&process.server).is_outgrown(process.peak) {
                self.servers.note(&process.server, *id, process.peak);
            }
        }
        if let Some(machine) = reading.machine {
            self.machine = Some(machine);
            self.falls.note(self.left_by_others(), now);
        }
        let in_use = self.busy();
        if let (Some(brake), Some(pressure)) = (&mut self.brake, reading.pressure)
            && let Some(change) = brake.note(pressure, was_full, in_use, now)
        {
            if self.changes.len() == CHANGES {
                self.changes.pop_front();
            }
            self.changes.push_back(change);
        }
    }
}
