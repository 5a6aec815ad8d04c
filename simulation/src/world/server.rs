//! Redis, as the processes reach it.

use super::network::Message;
use super::{Checked, World};
use crate::witness::Violation;
use procward::fleet::script::{Answer, Command, Detail, Grant, Notice, ProcessId, Value};
use std::time::Duration;

impl World {
    /// A request reaches Redis.
    pub(super) fn request(&mut self, number: u64, id: u64) -> Checked {
        let Some(connection) = self.connections.get_mut(&number) else { return Ok(()) };
        let Some(&(first, ..)) = connection.requests.front() else { return Ok(()) };
        if first != id {
            return Ok(());
        }
        let Some((_, command, arguments, request)) = connection.requests.pop_front() else { return Ok(()) };
        if !connection.is_open_there || !self.is_up {
            return Ok(());
        }
        let (place, process) = (connection.place, connection.process);
        self.witness.scripts += 1;
        let (value, answer) = self.execute(&command, &arguments)?;
        let mut granted: Vec<(u64, Grant, Option<String>)> = Vec::new();
        for &grant in &answer.grants {
            granted.push((process, grant, self.server_of(place, process, grant.id)));
        }
        let published = std::mem::take(&mut self.interpreter.redis_mut().published);
        for (channel, message) in published {
            let text = String::from_utf8_lossy(&message).into_owned();
            let channel = String::from_utf8_lossy(&channel).into_owned();
            let listeners: Vec<_> = self.listeners.get(&channel).cloned().unwrap_or_default();
            if let Some(Notice::Granted(grants)) = Notice::read(&text) {
                if listeners.is_empty() {
                    return Err(Violation(format!("a slot was handed to {channel}, which does not listen")));
                }
                let there = self.connections.get(&listeners[0]).map(|each| (each.place, each.process));
                if let Some((place, process)) = there {
                    for grant in grants {
                        granted.push((process, grant, self.server_of(place, process, grant.id)));
                    }
                }
            }
            for listener in listeners {
                self.push(listener, Message::Notice(text.clone()));
            }
        }
        self.witness.granted(&granted, &mut self.interpreter.redis_mut(), &self.name)?;
        self.push(number, Message::Answer(request, command, Ok(value)));
        Ok(())
    }

    fn server_of(&self, place: usize, process: u64, call: u64) -> Option<String> {
        let process = Some(&self.processes[place]).filter(|each| each.number == process)?;
        let server = process.calls.get(&call)?.server;
        Some(self.setting.options.terms.servers[server].server.clone())
    }

    /// Checks that nothing is left behind when no process has a call.
    pub(super) fn check_empty(&mut self) -> Checked {
        let Some(probe) = ProcessId::new("probe") else { return Ok(()) };
        for _ in 0..200 {
            let answer = self.ask(&probe, &Command::Tick)?;
            if answer.wake != Some(Duration::ZERO) {
                break;
            }
        }
        let answer = self.ask(&probe, &Command::List)?;
        let Detail::Listing(listing) = answer.detail else { return Ok(()) };
        let left = (listing.in_use, listing.holders, listing.waiters);
        if left != (0, 0, 0) {
            return Err(Violation(format!("slots, holders and waiters are left behind: {left:?}")));
        }
        let servers = &self.setting.options.terms.servers;
        let rated: u32 = servers.iter().filter_map(|each| each.limits.rate).map(|rate| rate.limit).sum();
        // Two elements for each process, the fields of `conf` and `limits`, and calls that count for a rate.
        let most = 2 * self.processes.len() + 20 + 4 * rated as usize;
        let elements = self.interpreter.redis().elements();
        if elements > most {
            return Err(Violation(format!("{elements} elements are left behind in Redis, at most {most} have a use")));
        }
        Ok(())
    }

    fn ask(&mut self, process: &ProcessId, command: &Command) -> Result<Answer, Violation> {
        let arguments = command.arguments(process, self.setting.options.lease);
        Ok(self.execute(command, &arguments)?.1)
    }

    /// Runs the script now.
    fn execute(&mut self, command: &Command, arguments: &[Vec<u8>]) -> Result<(Value, Answer), Violation> {
        self.interpreter.redis_mut().micros = self.now;
        let value = self.interpreter.run(&self.name.keys(), arguments);
        let value = value.map_err(|error| Violation(format!("the script fails: {error}")))?;
        let answer = Answer::read(command, &value).map_err(|error| Violation(format!("{error}: {value:?}")))?;
        Ok((value, answer))
    }
}
