//! The choice of idle processes that end to make room.

use super::{Controller, Decision, LimitedBy, ProcessId};
use crate::limit::memory::Machine;
use std::time::Duration;

impl Controller {
    /// Returns the idle processes that must end so that the next request can start, the least recently used first. None
    /// is returned if all of them together would not suffice. A process is returned once, and counts until
    /// [`Self::ended`].
    pub fn make_room(&mut self, now: Duration) -> Vec<ProcessId> {
        let chosen = self.idle_to_end(now).unwrap_or_default();
        for process in &chosen {
            if let Some(process) = self.running.get_mut(process) {
                process.is_ending = true;
            }
        }
        chosen
    }

    fn idle_to_end(&self, now: Duration) -> Option<Vec<ProcessId>> {
        let Decision::Wait(LimitedBy::Memory) = self.decide(Some(now)) else { return None };
        let (_, server) = self.next_request()?;
        let (rules, mut machine) = (self.rules.memory?, self.uncharged()?);
        let fall = self.expected_fall(now);
        let mut load = self.load().with(self.servers.estimate(server), 0);
        let mut left = self.running.len();
        let mut chosen = Vec::new();
        for (id, process) in self.ending_then_idle() {
            if left == 0 || load.room(machine, fall, &rules) >= 0.0 {
                break;
            }
            load = load.without(self.servers.estimate(&process.server), process.memory);
            machine = Machine { available: machine.available.saturating_add(process.memory), ..machine };
            left -= 1;
            if !process.is_ending {
                chosen.push(id);
            }
        }
        (left == 0 || load.room(machine, fall, &rules) >= 0.0).then_some(chosen)
    }

    /// Returns the processes that were chosen to end, then the idle ones, the least recently used first.
    fn ending_then_idle(&self) -> Vec<(ProcessId, &super::Process)> {
        let mut processes: Vec<_> = self
            .running
            .iter()
            .filter(|(_, process)| process.is_ending || process.idle_since.is_some())
            .map(|(id, process)| (*id, process))
            .collect();
        processes.sort_by_key(|(id, process)| (!process.is_ending, process.idle_since, *id));
        processes
    }
}
