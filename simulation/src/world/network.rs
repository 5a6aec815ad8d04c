//! Connections: in order within each direction, with delays, and with ends that the two sides see at different times.

use super::{Checked, Event, Time, World};
use procward::fleet::client::{Client, Failure, RequestNumber};
use procward::fleet::script::{Answer, Command, Malformed, Notice};
use std::collections::VecDeque;

/// The time until a broken connection is seen, at most.
const SEEN: u64 = 3_000_000;

#[derive(Debug)]
pub(super) struct Connection {
    pub place: usize,
    pub process: u64,
    pub channel: String,
    /// True until the process knows that the connection has ended.
    pub is_open_here: bool,
    /// True until Redis knows that the connection has ended.
    pub is_open_there: bool,
    /// The requests on their way.
    pub requests: VecDeque<(u64, Command, Vec<Vec<u8>>, RequestNumber)>,
    /// The messages on their way.
    pub messages: VecDeque<Message>,
    pub last_number: u64,
    /// Nothing arrives before these times.
    pub there_from: Time,
    pub here_from: Time,
}

#[derive(Debug)]
pub(super) enum Message {
    Answer(RequestNumber, Command, Result<procward::fleet::script::Value, String>),
    Notice(String),
}

impl World {
    /// A process tries to connect.
    pub(super) fn connect(&mut self, place: usize, process: u64) -> Checked {
        if self.processes[place].number != process || self.processes[place].connection.is_some() {
            return Ok(());
        }
        if self.processes[place].is_stopped() {
            self.after(50_000, Event::Connect { place, process });
            return Ok(());
        }
        if !self.is_up || self.processes[place].cut_until > self.now {
            self.retry(place);
            return self.drive(place, |client, now| client.disconnected("refused", now));
        }
        self.last_connection += 1;
        let number = self.last_connection;
        let channel = self.name.channel(self.processes[place].client.process());
        let connection = Connection {
            place,
            process,
            channel,
            is_open_here: true,
            is_open_there: true,
            requests: VecDeque::new(),
            messages: VecDeque::new(),
            last_number: 0,
            there_from: self.now,
            here_from: self.now,
        };
        self.interpreter.redis_mut().subscribe(connection.channel.as_bytes());
        self.listeners.entry(connection.channel.clone()).or_default().push(number);
        self.connections.insert(number, connection);
        self.processes[place].connection = Some(number);
        let delay = self.chance([1, number, 0], 4000);
        self.after(delay, Event::Connected { connection: number });
        Ok(())
    }

    pub(super) fn handshake(&mut self, number: u64) -> Checked {
        let Some(connection) = self.connections.get(&number).filter(|each| each.is_open_here) else {
            return Ok(());
        };
        let place = connection.place;
        if self.processes[place].is_stopped() {
            self.after(50_000, Event::Connected { connection: number });
            return Ok(());
        }
        self.drive(place, Client::connected)
    }

    pub(super) fn retry(&mut self, place: usize) {
        let process = &mut self.processes[place];
        process.attempts += 1;
        let (number, attempts) = (process.number, process.attempts);
        let delay = 20_000 + self.chance([2, number, attempts], 400_000);
        self.after(delay, Event::Connect { place, process: number });
    }

    /// Sends a request.
    pub(super) fn send(&mut self, place: usize, request: RequestNumber, command: Command) {
        let process = &self.processes[place];
        let arguments = command.arguments(process.client.process(), process.client.lease());
        let Some(number) = process.connection else { return };
        let Some(connection) = self.connections.get_mut(&number) else { return };
        connection.last_number += 1;
        let id = connection.last_number;
        connection.requests.push_back((id, command, arguments, request));
        let delay = self.delay(number, id);
        let Some(connection) = self.connections.get_mut(&number) else { return };
        connection.there_from = connection.there_from.max(self.now + delay);
        let at = connection.there_from;
        self.at(at, Event::Request { connection: number, number: id });
    }

    /// Sends a message to a process.
    pub(super) fn push(&mut self, number: u64, message: Message) {
        let delay = self.delay(number, self.queued);
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if matches!(message, Message::Notice(_)) && self.processes[connection.place].deaf_until > self.now {
            return;
        }
        connection.messages.push_back(message);
        connection.here_from = connection.here_from.max(self.now + delay);
        let at = connection.here_from;
        self.at(at, Event::Message { connection: number });
    }

    fn delay(&self, connection: u64, message: u64) -> u64 {
        let is_slow = self.chance([3, connection, message], 200) == 0;
        self.chance([4, connection, message], if is_slow { 900_000 } else { 3000 })
    }

    /// The next message reaches a process.
    pub(super) fn message(&mut self, number: u64) -> Checked {
        let Some(connection) = self.connections.get_mut(&number) else { return Ok(()) };
        let place = connection.place;
        if !connection.is_open_here || self.processes[place].number != connection.process {
            return Ok(());
        }
        if self.processes[place].is_stopped() {
            self.processes[place].unread.push(number);
            return Ok(());
        }
        let Some(message) = connection.messages.pop_front() else { return Ok(()) };
        match message {
            Message::Answer(request, command, value) => {
                let answer = value.map_err(Failure).and_then(|value| {
                    Answer::read(&command, &value).map_err(|Malformed(what)| Failure(what.to_owned()))
                });
                self.drive(place, |client, now| client.answered(request, answer, now))
            }
            Message::Notice(text) => match Notice::read(&text) {
                Some(notice) => self.drive(place, |client, now| client.noticed(notice, now)),
                None => Ok(()),
            },
        }
    }

    /// Breaks a connection. Each side sees it later, and what is on its way may still arrive.
    pub(super) fn break_connection(&mut self, place: usize) {
        let Some(connection) = self.processes[place].connection else { return };
        let seen = self.chance([5, connection, 0], 30_000);
        self.after(seen, Event::Disconnected { place, connection });
        self.close_there(connection);
    }

    /// Lets Redis see the end of a connection, soon or late.
    pub(super) fn close_there(&mut self, connection: u64) {
        let is_late = self.chance([6, connection, 0], 4) == 0;
        let most = if is_late { SEEN * 5 } else { 30_000 };
        let seen = if self.is_up { self.chance([7, connection, 0], most) } else { 0 };
        self.after(seen, Event::ServerCloses { connection });
    }

    pub(super) fn server_closes(&mut self, number: u64) {
        let Some(connection) = self.connections.get_mut(&number) else { return };
        if std::mem::take(&mut connection.is_open_there) {
            // A restarted Redis has no subscribers of before.
            if let Some(listeners) = self.listeners.get_mut(&connection.channel) {
                listeners.retain(|&each| each != number);
                self.interpreter.redis_mut().unsubscribe(connection.channel.as_bytes());
            }
        }
        if !connection.is_open_here {
            let channel = connection.channel.clone();
            self.connections.remove(&number);
            if self.listeners.get(&channel).is_some_and(Vec::is_empty) {
                self.listeners.remove(&channel);
            }
        }
    }

    pub(super) fn disconnected(&mut self, place: usize, connection: u64) -> Checked {
        if self.processes[place].connection != Some(connection) {
            return Ok(());
        }
        if self.processes[place].is_stopped() {
            self.after(50_000, Event::Disconnected { place, connection });
            return Ok(());
        }
        self.drop_connection(place);
        self.drive(place, |client, now| client.disconnected("broken", now))
    }

    /// The process lets go of its connection, and makes another one.
    pub(super) fn drop_connection(&mut self, place: usize) {
        let Some(number) = self.processes[place].connection.take() else { return };
        if let Some(connection) = self.connections.get_mut(&number) {
            connection.is_open_here = false;
        }
        self.close_there(number);
        self.retry(place);
    }

    /// Holds everything back for a while.
    pub(super) fn hang(&mut self, place: usize, ms: u64) {
        let until = self.now + ms * 1000;
        if let Some(connection) = self.processes[place].connection.and_then(|number| self.connections.get_mut(&number))
        {
            connection.there_from = connection.there_from.max(until);
            connection.here_from = connection.here_from.max(until);
        }
    }
}
