//! The way to Redis: a connection, an attempt to make one, or a pause before the next attempt.

use super::backoff::Backoff;
use crate::fleet::address::Address;
use crate::fleet::client::{Failure, RequestNumber};
use crate::fleet::connection::{ConnectError, Connection, Event, open};
use crate::fleet::script::{Answer, Command, Notice, ProcessId};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// The longest time that an attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);

/// An event of the way to Redis.
pub enum Happening {
    Connected,
    /// The connection broke, or an attempt to make one failed.
    Disconnected(String),
    Answer(RequestNumber, Result<Answer, Failure>),
    Notice(Notice),
}

type Attempt = Pin<Box<dyn Future<Output = Result<Connection, ConnectError>> + Send>>;

enum State {
    Pausing(Pin<Box<Sleep>>),
    Opening(Attempt),
    Open(Connection),
}

/// The way to Redis. It is made anew for ever.
pub struct Link {
    address: Arc<Address>,
    process: ProcessId,
    lease: Duration,
    backoff: Backoff,
    /// The attempts that failed.
    failed: usize,
    state: State,
}

impl Link {
    /// Begins the first attempt.
    pub fn new(address: Arc<Address>, process: ProcessId, lease: Duration) -> Self {
        let state = State::Opening(attempt(&address, &process, lease, 0));
        Self { address, process, lease, backoff: Backoff::default(), failed: 0, state }
    }

    /// Waits for the next event. Dropping the future loses none.
    pub async fn next(&mut self) -> Happening {
        loop {
            match &mut self.state {
                State::Pausing(pause) => {
                    pause.await;
                    self.state = State::Opening(attempt(&self.address, &self.process, self.lease, self.failed));
                }
                State::Opening(attempt) => match attempt.await {
                    Ok(connection) => {
                        self.state = State::Open(connection);
                        return Happening::Connected;
                    }
                    Err(ConnectError(problem)) => {
                        self.failed = self.failed.saturating_add(1);
                        return self.lost(problem);
                    }
                },
                State::Open(connection) => match connection.next().await {
                    Event::Answer(number, answer) => {
                        // A server without memory or rights takes connections too.
                        if answer.is_ok() {
                            self.backoff.reset();
                        }
                        return Happening::Answer(number, answer);
                    }
                    Event::Notice(notice) => return Happening::Notice(notice),
                    Event::Closed(problem) => return self.lost(problem),
                },
            }
        }
    }

    /// Sends a command on the connection. Without one the command is forgotten, as the client has forgotten it.
    pub fn send(&mut self, number: RequestNumber, command: Command) {
        if let State::Open(connection) = &mut self.state {
            connection.send(number, command);
        }
    }

    /// Returns whether there is a connection.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Returns whether a command has no answer yet.
    pub fn is_busy(&self) -> bool {
        matches!(&self.state, State::Open(connection) if connection.is_busy())
    }

    /// Gives the connection up. The next one is made after a pause.
    pub fn reconnect(&mut self) {
        if matches!(self.state, State::Open(_)) {
            self.pause();
        }
    }

    fn lost(&mut self, problem: String) -> Happening {
        self.pause();
        Happening::Disconnected(problem)
    }

    fn pause(&mut self) {
        self.state = State::Pausing(Box::pin(sleep(self.backoff.next())));
    }
}

fn attempt(address: &Arc<Address>, process: &ProcessId, lease: Duration, failed: usize) -> Attempt {
    let (address, process) = (Arc::clone(address), process.clone());
    Box::pin(async move { open(&address, &process, lease, failed, ATTEMPT).await })
}
