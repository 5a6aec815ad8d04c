//! A fleet on virtual time: Redis, processes, and the network between them.

mod network;
mod process;
mod server;

use crate::fault::Fault;
use crate::interpreter::Interpreter;
use crate::plan::{Action, Kept, Plan, Setting, Step};
use crate::random::{Random, hash};
use crate::redis::Memory;
use crate::witness::{Violation, Witness};
use network::Connection;
use process::Process;
use procward::fleet::script::{CallId, FleetName};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// The time, in microseconds.
type Time = u64;

/// A fleet and its surroundings.
pub struct World {
    setting: Setting,
    name: FleetName,
    now: Time,
    events: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    done: u64,
    interpreter: Interpreter,
    is_up: bool,
    /// The memory of a replica, which is a little behind.
    replica: Memory,
    connections: HashMap<u64, Connection>,
    /// The open connections of each channel.
    listeners: HashMap<String, Vec<u64>>,
    processes: Vec<Process>,
    last_process: u64,
    last_connection: u64,
    witness: Witness,
    /// The calls that wait.
    waiting: usize,
    /// The time until which an old replica may grant slots that it does not know to be in use.
    tainted_until: Time,
    last_progress: Time,
    is_healing: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Queued(Time, u64, Event);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A request reaches Redis.
    Request { connection: u64, number: u64 },
    /// The next message reaches a process.
    Message { connection: u64 },
    /// Redis sees that a connection has ended.
    ServerCloses { connection: u64 },
    /// A process tries to connect.
    Connect { place: usize, process: u64 },
    /// The handshake of a connection is over.
    Connected { connection: u64 },
    /// A process sees that its connection has ended.
    Disconnected { place: usize, connection: u64 },
    /// The timer of a process.
    Wake { place: usize, process: u64 },
    /// A stopped process goes on.
    Resume { place: usize, process: u64 },
    /// A call is sent to its server.
    Sent { place: usize, process: u64, call: CallId },
    /// A call is over.
    End { place: usize, process: u64, call: CallId },
    /// Redis is back.
    Start { memory: u8 },
    /// The replica receives what Redis has.
    Replicate,
}

/// The outcome of a run.
#[derive(Debug, Default, Clone, Copy)]
pub struct Summary {
    /// The events.
    pub steps: u64,
    /// The calls that got their slots.
    pub grants: u64,
    /// The most slots in use at one time.
    pub most: u32,
    /// The runs of the script.
    pub scripts: u64,
    /// The most calls that waited at one time.
    pub most_waiting: usize,
    /// The grants that an old replica gave beyond the limit.
    pub replica_grants: u64,
}

type Checked = Result<(), Violation>;

impl World {
    /// Makes a fleet.
    ///
    /// # Panics
    /// Panics if the script has a syntax error.
    #[allow(clippy::expect_used, reason = "a fleet without its script is no fleet")]
    pub fn new(setting: &Setting, fault: Option<Fault>) -> Self {
        let interpreter = Interpreter::new(&Fault::source(fault)).expect("the script loads");
        let mut world = Self {
            setting: setting.clone(),
            name: FleetName::new("f").expect("a name"),
            now: 1_700_000_000_000_000,
            events: BinaryHeap::new(),
            queued: 0,
            done: 0,
            interpreter,
            is_up: true,
            replica: Memory::default(),
            connections: HashMap::new(),
            listeners: HashMap::new(),
            waiting: 0,
            processes: Vec::new(),
            last_process: 0,
            last_connection: 0,
            witness: Witness::default(),
            tainted_until: 0,
            last_progress: 0,
            is_healing: false,
        };
        for place in 0..setting.processes {
            let process = world.new_process();
            world.processes.push(process);
            world.begin_process(place);
        }
        world.after(1_000_000, Event::Replicate);
        world
    }

    /// Runs a plan, and returns the steps that were needed when a promise was broken.
    ///
    /// # Errors
    /// Fails if a promise was broken.
    pub fn run(plan: &Plan, fault: Option<Fault>) -> Result<Summary, Violation> {
        let mut world = Self::new(&plan.setting, fault);
        for step in &plan.steps {
            world.step(step)?;
        }
        world.heal()?;
        Ok(world.summary())
    }

    /// Makes things happen until `steps` events are over. Notes them in `done`.
    ///
    /// # Errors
    /// Fails if a promise was broken.
    pub fn run_random(
        setting: &Setting,
        steps: u64,
        fault: Option<Fault>,
        done: &mut Vec<Step>,
    ) -> Result<Summary, Violation> {
        let mut world = Self::new(setting, fault);
        let mut random = Random::new(setting.seed ^ 1);
        while world.done < steps {
            let step = setting.next_step(&mut random);
            done.push(step);
            world.step(&step)?;
        }
        world.heal()?;
        Ok(world.summary())
    }

    fn summary(&self) -> Summary {
        let Witness { grants, most, replica_grants, .. } = self.witness;
        Summary {
            steps: self.done,
            grants,
            most,
            replica_grants,
            scripts: self.witness.scripts,
            most_waiting: self.witness.most_waiting,
        }
    }

    fn step(&mut self, step: &Step) -> Checked {
        self.pass(self.now + step.after)?;
        self.done += 1;
        self.act(step.action)
    }

    /// Lets everything happen until a time.
    fn pass(&mut self, until: Time) -> Checked {
        while let Some(Reverse(Queued(time, ..))) = self.events.peek()
            && *time <= until
        {
            let Some(Reverse(Queued(time, _, event))) = self.events.pop() else { break };
            self.now = self.now.max(time);
            self.done += 1;
            self.happen(event)?;
        }
        self.now = until;
        Ok(())
    }

    fn after(&mut self, micros: u64, event: Event) {
        self.at(self.now + micros, event);
    }

    fn at(&mut self, time: Time, event: Event) {
        self.queued += 1;
        self.events.push(Reverse(Queued(time, self.queued, event)));
    }

    /// Returns a number up to `most` that other events don't change.
    fn chance(&self, words: [u64; 3], most: u64) -> u64 {
        hash(&[self.setting.seed, words[0], words[1], words[2]]) % (most + 1)
    }

    fn happen(&mut self, event: Event) -> Checked {
        match event {
            Event::Request { connection, number } => self.request(connection, number),
            Event::Message { connection } => self.message(connection),
            Event::ServerCloses { connection } => {
                self.server_closes(connection);
                Ok(())
            }
            Event::Connect { place, process } => self.connect(place, process),
            Event::Connected { connection } => self.handshake(connection),
            Event::Disconnected { place, connection } => self.disconnected(place, connection),
            Event::Wake { place, process } => self.wake(place, process),
            Event::Resume { place, process } => self.resume(place, process),
            Event::Sent { place, process, call } => self.sent(place, process, call),
            Event::End { place, process, call } => self.end(place, process, call),
            Event::Start { memory } => {
                self.start_redis(memory);
                Ok(())
            }
            Event::Replicate => {
                self.replica = self.interpreter.redis().snapshot();
                let delay = 300_000 + self.chance([9, self.queued, 0], 2_000_000);
                if !self.is_healing && self.setting.has_losses {
                    self.after(delay, Event::Replicate);
                }
                Ok(())
            }
        }
    }

    fn act(&mut self, action: Action) -> Checked {
        match action {
            Action::Call { process, server, cost, hold } => self.begin_call(process, server, cost, hold),
            Action::Cancel { process } => self.cancel(process),
            Action::Pause { process, server, ms } => self.pause(process, server, ms),
            Action::Resize { process, limit } => self.resize(process, limit),
            Action::Kill { process } => {
                self.kill(process);
                Ok(())
            }
            Action::Stop { process, ms } => {
                self.stop(process, ms);
                Ok(())
            }
            Action::Cut { process, ms } => {
                self.processes[process].cut_until = self.now + ms * 1000;
                self.break_connection(process);
                Ok(())
            }
            Action::Hang { process, ms } => {
                self.hang(process, ms);
                Ok(())
            }
            Action::Deafen { process, ms } => {
                self.processes[process].deaf_until = self.now + ms * 1000;
                Ok(())
            }
            Action::Restart { memory, ms } => {
                self.stop_redis(memory, ms);
                Ok(())
            }
            Action::Flush => {
                if self.is_up {
                    self.interpreter.redis_mut().flush();
                }
                Ok(())
            }
        }
    }

    /// Ends all faults, and checks that every call comes to its end and nothing is left behind.
    fn heal(&mut self) -> Checked {
        self.is_healing = true;
        for place in 0..self.processes.len() {
            self.processes[place].cut_until = 0;
            self.processes[place].deaf_until = 0;
            if self.processes[place].is_stopped() {
                self.resume(place, self.processes[place].number)?;
            }
        }
        let patience = 4 * self.lease() + 10_000_000;
        self.last_progress = self.now;
        while self.processes.iter().any(|process| !process.calls.is_empty()) {
            self.pass(self.now + 100_000)?;
            if self.now > self.last_progress + patience {
                let stuck: Vec<_> = self.processes.iter().flat_map(Process::stuck).take(5).collect();
                return Err(Violation(format!("calls are stuck: {}", stuck.join(", "))));
            }
        }
        // The slots of processes that were killed, stopped or cut off come back within a lease.
        self.pass(self.now + self.lease() + 1_000_000)?;
        self.check_empty()
    }

    fn lease(&self) -> Time {
        u64::try_from(self.setting.options.lease.as_micros()).unwrap_or(u64::MAX)
    }

    fn start_redis(&mut self, memory: u8) {
        let memory = match memory {
            0 => self.interpreter.redis().snapshot(),
            1 => Memory::default(),
            _ => {
                self.tainted_until = self.now + self.lease();
                self.replica.clone()
            }
        };
        self.interpreter.redis_mut().restart(memory);
        self.is_up = true;
    }

    fn stop_redis(&mut self, memory: Kept, ms: u64) {
        if !self.is_up {
            return;
        }
        self.is_up = false;
        for place in 0..self.processes.len() {
            self.break_connection(place);
        }
        // The next life of Redis knows no connection of this one.
        self.connections.values_mut().for_each(|connection| connection.is_open_there = false);
        self.listeners.clear();
        let memory = match memory {
            Kept::All => 0,
            Kept::None => 1,
            Kept::Old => 2,
        };
        self.after(ms * 1000, Event::Start { memory });
    }
}
