//! A process of the fleet: its client, its calls, and a driver as small as can be.

use super::{Checked, Event, Time, World};
use crate::witness::Violation;
use procward::fleet::client::{Client, Effect, Mode, OnUnreachable};
use procward::fleet::script::{CallId, ProcessId};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// The most calls that wait at one time, so that a run comes to its end.
const MOST_WAITING: usize = 12_000;

pub(super) struct Process {
    pub number: u64,
    pub client: Client,
    pub calls: BTreeMap<CallId, Call>,
    pub last_call: CallId,
    pub connection: Option<u64>,
    pub attempts: u64,
    pub cut_until: Time,
    pub deaf_until: Time,
    pub stopped_until: Option<Time>,
    /// The time until which a lost call may have been too many, because its process was stopped.
    pub late_until: Time,
    /// The connections whose messages wait until the process goes on.
    pub unread: Vec<u64>,
    pub wake_at: Option<Time>,
    pub mode: Mode,
    /// The start of its clock, and its error in parts per million.
    clock: (Time, i64),
}

#[derive(Debug)]
pub(super) struct Call {
    pub server: usize,
    pub cost: u32,
    pub hold: u64,
    pub state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Running,
    /// Told to end, too late because its process was stopped.
    Late,
}

impl Process {
    pub fn is_stopped(&self) -> bool {
        self.stopped_until.is_some()
    }

    /// Returns this process's time.
    fn time(&self, now: Time) -> Duration {
        let passed = now - self.clock.0;
        let error = i64::try_from(passed).unwrap_or(0) * self.clock.1 / 1_000_000;
        Duration::from_micros(passed.saturating_add_signed(error))
    }

    /// Returns the world's time at which this process's clock shows `time`, or a little later.
    fn world_time(&self, time: Duration) -> Time {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX / 4);
        let error = i64::try_from(micros).unwrap_or(0) * self.clock.1 / 1_000_000;
        self.clock.0 + micros.saturating_add_signed(-error) + micros / 1_000_000 + 1
    }

    pub fn stuck(&self) -> Vec<String> {
        self.calls.iter().map(|(id, call)| format!("{}:{id} {call:?} ({:?})", self.number, self.mode)).collect()
    }
}

impl World {
    #[allow(clippy::expect_used, reason = "letters and digits make an id")]
    pub(super) fn new_process(&mut self) -> Process {
        self.last_process += 1;
        let number = self.last_process;
        let clock = (
            self.now - self.chance([10, number, 0], 100_000_000),
            200 - i64::try_from(self.chance([11, number, 0], 400)).unwrap_or(0),
        );
        let id = ProcessId::new(&format!("p{number}")).expect("an id");
        let mut process = Process {
            number,
            client: Client::new(id.clone(), self.setting.options.clone(), Duration::ZERO),
            calls: BTreeMap::new(),
            last_call: 0,
            connection: None,
            attempts: 0,
            cut_until: 0,
            deaf_until: 0,
            stopped_until: None,
            late_until: 0,
            unread: Vec::new(),
            wake_at: None,
            mode: Mode::Connecting,
            clock,
        };
        process.client = Client::new(id, self.setting.options.clone(), process.time(self.now));
        process
    }

    pub(super) fn begin_process(&mut self, place: usize) {
        let process = self.processes[place].number;
        let delay = self.chance([12, process, 0], 300_000);
        self.after(delay, Event::Connect { place, process });
        self.schedule(place);
    }

    /// Gives a client an event, and does what it asks for.
    pub(super) fn drive(&mut self, place: usize, event: impl FnOnce(&mut Client, Duration)) -> Checked {
        let now = self.processes[place].time(self.now);
        event(&mut self.processes[place].client, now);
        for effect in self.processes[place].client.take_effects() {
            self.perform(place, effect)?;
        }
        self.schedule(place);
        Ok(())
    }

    fn perform(&mut self, place: usize, effect: Effect) -> Checked {
        match effect {
            Effect::Send { number, command } => self.send(place, number, command),
            Effect::Reconnect { .. } => self.drop_connection(place),
            Effect::Granted { id, fence, .. } => return self.start_call(place, id, fence.is_none()),
            Effect::Lost { id, .. } => self.lose(place, id),
            // A call whose cancelling comes at the same moment has gone already.
            Effect::Refused { id, .. } if self.processes[place].calls.remove(&id).is_some() => {
                self.waiting -= 1;
                self.last_progress = self.now;
            }
            Effect::Mode(mode) => self.processes[place].mode = mode,
            Effect::Refused { .. } | Effect::LimitsDiffer(_) => {}
        }
        Ok(())
    }

    fn schedule(&mut self, place: usize) {
        let process = &self.processes[place];
        let Some(wake) = process.client.next_wake().map(|time| process.world_time(time)) else { return };
        if process.wake_at.is_none_or(|at| wake < at) && !process.is_stopped() {
            let number = process.number;
            let late = self.chance([13, number, wake], 1500);
            self.processes[place].wake_at = Some(wake);
            self.at(wake.max(self.now) + late, Event::Wake { place, process: number });
        }
    }

    pub(super) fn wake(&mut self, place: usize, process: u64) -> Checked {
        if self.processes[place].number != process || self.processes[place].is_stopped() {
            return Ok(());
        }
        self.processes[place].wake_at = None;
        self.drive(place, Client::tick)
    }

    pub(super) fn begin_call(&mut self, place: usize, server: usize, cost: u32, hold: u64) -> Checked {
        if self.processes[place].is_stopped() || self.waiting > MOST_WAITING {
            return Ok(());
        }
        let (id, name) = self.new_call(place, server, cost, hold);
        self.drive(place, |client, now| client.acquire(id, &name, cost, now))
    }

    /// Returns the id and the server's name of a call that waits from now on.
    fn new_call(&mut self, place: usize, server: usize, cost: u32, hold: u64) -> (CallId, String) {
        let process = &mut self.processes[place];
        process.last_call += 1;
        let id = process.last_call;
        process.calls.insert(id, Call { server, cost, hold, state: State::Waiting });
        self.waiting += 1;
        self.witness.most_waiting = self.witness.most_waiting.max(self.waiting);
        (id, self.setting.options.terms.servers[server].server.clone())
    }

    fn start_call(&mut self, place: usize, id: CallId, is_local: bool) -> Checked {
        let process = &mut self.processes[place];
        let number = process.number;
        let Some(call) = process.calls.get_mut(&id).filter(|call| call.state == State::Waiting) else {
            return Err(Violation(format!("process {number} got slots for {id}, which does not wait")));
        };
        call.state = State::Running;
        let (server, cost, hold) = (call.server, call.cost, call.hold);
        self.waiting -= 1;
        self.last_progress = self.now;
        self.witness.start(server, cost);
        let sent = self.chance([14, number, id], 3000).min(hold);
        self.after(sent, Event::Sent { place, process: number, call: id });
        self.after(hold, Event::End { place, process: number, call: id });
        if is_local { self.check_share(place) } else { self.check_limits() }
    }

    /// Checks the limits of the fleet, but for processes that were stopped beyond their lease.
    fn check_limits(&mut self) -> Checked {
        let terms = &self.setting.options.terms;
        if self.setting.options.on_unreachable == OnUnreachable::Local || !self.witness.is_over(terms) {
            return Ok(());
        }
        let mut exempt = HashMap::<usize, (u32, u32)>::new();
        for process in &self.processes {
            let is_over = process.client.relies_until().is_some_and(|until| until <= process.time(self.now));
            for call in process.calls.values() {
                let is_exempt =
                    call.state == State::Late || call.state == State::Running && process.is_stopped() && is_over;
                if is_exempt {
                    let each = exempt.entry(call.server).or_default();
                    *each = (each.0 + call.cost, each.1 + 1);
                }
            }
        }
        match self.witness.check_limits(terms, &exempt) {
            Err(_) if self.now < self.tainted_until => {
                self.witness.replica_grants += 1;
                Ok(())
            }
            checked => checked,
        }
    }

    /// Checks the share of a process that decides alone.
    fn check_share(&self, place: usize) -> Checked {
        let process = &self.processes[place];
        let Mode::Local { share, .. } = process.mode else {
            return Err(Violation("a call started without Redis and without need".to_owned()));
        };
        let running = process.calls.values().filter(|call| call.state != State::Waiting);
        let (slots, count) = running.fold((0, 0), |sum, call| (sum.0 + call.cost, sum.1 + 1));
        if count > 1 && count > share && slots > share {
            return Err(Violation(format!("{count} calls run in a process with a share of {share}")));
        }
        Ok(())
    }

    pub(super) fn sent(&mut self, place: usize, number: u64, id: CallId) -> Checked {
        let process = &self.processes[place];
        if process.number != number || !process.calls.contains_key(&id) || process.is_stopped() {
            return Ok(());
        }
        let server = process.calls[&id].server;
        let is_exact = !self.setting.has_losses && !self.setting.has_stops;
        if is_exact && self.setting.options.on_unreachable == OnUnreachable::Refuse {
            self.witness.send(&self.setting.options.terms, server, self.now)?;
        }
        self.drive(place, |client, now| client.sent(id, now))
    }

    /// A call must end. It takes a part of its kill grace.
    fn lose(&mut self, place: usize, id: CallId) {
        let process = &mut self.processes[place];
        let number = process.number;
        let was_stopped = self.now < process.late_until;
        if let Some(call) = process.calls.get_mut(&id) {
            if was_stopped {
                call.state = State::Late;
            }
            let grace = u64::try_from(self.setting.options.kill_grace.as_micros()).unwrap_or(0) + 900_000;
            let ends = self.chance([15, number, id], grace);
            self.after(ends, Event::End { place, process: number, call: id });
        }
    }

    pub(super) fn end(&mut self, place: usize, number: u64, id: CallId) -> Checked {
        if self.processes[place].number != number {
            return Ok(());
        }
        let Some(call) = self.processes[place].calls.get(&id) else { return Ok(()) };
        if self.processes[place].is_stopped() {
            let again = self.processes[place].stopped_until.unwrap_or(self.now).max(self.now) + 1000;
            self.at(again, Event::End { place, process: number, call: id });
            return Ok(());
        }
        let (server, cost, hold) = (call.server, call.cost, call.hold);
        self.processes[place].calls.remove(&id);
        self.witness.end(server, cost);
        self.last_progress = self.now;
        if self.chance([17, number, id], 2) > 0 || self.waiting > MOST_WAITING {
            return self.drive(place, |client, now| client.release(id, now));
        }
        // The next call of a loop asks in the same moment.
        let (next, name) = self.new_call(place, server, cost, hold);
        self.drive(place, |client, now| {
            client.release(id, now);
            client.acquire(next, &name, cost, now);
        })
    }

    pub(super) fn cancel(&mut self, place: usize) -> Checked {
        let process = &mut self.processes[place];
        let waiting = process.calls.iter().find(|(_, call)| call.state == State::Waiting);
        let Some((&id, _)) = waiting.filter(|_| !process.is_stopped()) else { return Ok(()) };
        process.calls.remove(&id);
        self.waiting -= 1;
        self.drive(place, |client, now| {
            client.cancel(id, now);
        })
    }

    pub(super) fn pause(&mut self, place: usize, server: usize, ms: u64) -> Checked {
        if self.processes[place].is_stopped() {
            return Ok(());
        }
        let name = self.setting.options.terms.servers[server].server.clone();
        self.drive(place, |client, now| client.pause(&name, Duration::from_millis(ms), now))
    }

    pub(super) fn resize(&mut self, place: usize, limit: u32) -> Checked {
        if self.processes[place].is_stopped() {
            return Ok(());
        }
        self.drive(place, |client, now| client.resize(limit, now))
    }

    /// Kills a process with its calls, and starts another one.
    pub(super) fn kill(&mut self, place: usize) {
        for call in std::mem::take(&mut self.processes[place].calls).into_values() {
            if call.state == State::Waiting {
                self.waiting -= 1;
            } else {
                self.witness.end(call.server, call.cost);
            }
        }
        if let Some(connection) = self.processes[place].connection {
            if let Some(connection) = self.connections.get_mut(&connection) {
                connection.is_open_here = false;
            }
            self.close_there(connection);
        }
        let cut_until = self.processes[place].cut_until;
        self.processes[place] = self.new_process();
        self.processes[place].cut_until = cut_until;
        self.begin_process(place);
    }

    pub(super) fn stop(&mut self, place: usize, ms: u64) {
        let until = self.now + ms * 1000;
        let process = &mut self.processes[place];
        if !process.is_stopped() {
            process.stopped_until = Some(until);
            let process = process.number;
            self.at(until, Event::Resume { place, process });
        }
    }

    /// Lets a stopped process go on. Its timer and its messages come in any order.
    pub(super) fn resume(&mut self, place: usize, number: u64) -> Checked {
        let process = &mut self.processes[place];
        if process.number != number || !process.is_stopped() {
            return Ok(());
        }
        process.stopped_until = None;
        process.wake_at = None;
        process.late_until = self.now + 1_000_000;
        let unread = std::mem::take(&mut process.unread);
        if self.chance([16, number, self.now], 1) == 0 {
            self.drive(place, Client::tick)?;
        }
        for connection in unread {
            self.message(connection)?;
        }
        self.drive(place, Client::tick)
    }
}
