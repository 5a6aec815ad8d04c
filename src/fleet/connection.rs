//! One connection to Redis: commands go out, and answers and notices come in, each in its order.
//!
//! The library's own connection keeps no order between answers and pushed messages, so this one is built of its encoder and
//! its parser.

mod handshake;
mod opening;
mod replies;
mod sentinel;
mod stream;
mod words;

use handshake::Asking;
pub use opening::open;
pub use words::ConnectError;

use super::client::{Failure, RequestNumber};
use super::script::{Answer, Command, FleetName, Notice, ProcessId, SOURCE};
use redis::{PushKind, Script, Value, cmd};
use replies::{Replies, script_value};
use std::collections::VecDeque;
use std::sync::LazyLock;
use std::time::Duration;
use stream::Stream;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use words::{in_words, reply_words};

/// The replies that may wait for the driver. Further ones stay in the socket.
const MAX_REPLIES: usize = 64;

static DIGEST: LazyLock<String> = LazyLock::new(|| Script::new(SOURCE).get_hash().to_owned());

/// An event of a connection.
#[derive(Debug)]
pub enum Event {
    /// The answer to a command.
    Answer(RequestNumber, Result<Answer, Failure>),
    /// A message on the process's channel.
    Notice(Notice),
    /// The end of the connection. The text is for people.
    Closed(String),
}

/// A connection whose channel is subscribed.
#[derive(Debug)]
pub struct Connection {
    keys: Vec<String>,
    process: ProcessId,
    lease: Duration,
    replies: mpsc::Receiver<Result<Value, String>>,
    writes: mpsc::UnboundedSender<Vec<u8>>,
    /// The commands in flight, oldest first, each with whether the source of the script was sent with it.
    in_flight: VecDeque<(RequestNumber, Command, bool)>,
    /// The commands that are sent once the script is known again, in order.
    again: VecDeque<(RequestNumber, Command)>,
    /// Ends both tasks with the connection.
    _tasks: JoinSet<()>,
}

impl Connection {
    fn new(asking: Asking, name: &FleetName, process: &ProcessId, lease: Duration) -> Self {
        let (to_driver, replies) = mpsc::channel(MAX_REPLIES);
        let (writes, to_write) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(read(asking.replies, to_driver));
        tasks.spawn(write(asking.writer, to_write));
        Self {
            keys: name.keys().to_vec(),
            process: process.clone(),
            lease,
            replies,
            writes,
            in_flight: VecDeque::new(),
            again: VecDeque::new(),
            _tasks: tasks,
        }
    }

    /// Sends a command. Its answer comes by [`Connection::next`].
    pub fn send(&mut self, number: RequestNumber, command: Command) {
        if self.again.is_empty() {
            self.write(number, command, false);
        } else {
            self.again.push_back((number, command));
        }
    }

    /// Returns whether a command has no answer yet.
    pub fn is_busy(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Waits for the next event. Dropping the future loses none.
    pub async fn next(&mut self) -> Event {
        loop {
            let Some(reply) = self.replies.recv().await else { return Event::Closed(in_words("the connection ended")) };
            match reply {
                Err(problem) => return Event::Closed(problem),
                Ok(Value::Push { kind: PushKind::Message, data }) => match notice(&data) {
                    Some(notice) => return Event::Notice(notice),
                    None => return Event::Closed(in_words("a message on the channel was not understood")),
                },
                Ok(Value::Push { .. }) => {}
                Ok(value) => {
                    if let Some(event) = self.answer(&value) {
                        return event;
                    }
                }
            }
        }
    }

    /// Matches an answer with its command. Returns nothing for a command that is sent again.
    fn answer(&mut self, value: &Value) -> Option<Event> {
        let Some((number, command, had_source)) = self.in_flight.pop_front() else {
            return Some(Event::Closed(in_words("an answer came without a command")));
        };
        let answer = match value {
            Value::ServerError(error) if error.code() == "NOSCRIPT" && !had_source => {
                self.again.push_back((number, command));
                None
            }
            Value::ServerError(error) => Some(Err(Failure(reply_words(error)))),
            value => {
                Some(Answer::read(&command, &script_value(value)).map_err(|malformed| Failure(malformed.to_string())))
            }
        };
        if self.in_flight.is_empty() {
            self.send_again();
        }
        answer.map(|answer| Event::Answer(number, answer))
    }

    /// Sends the commands that met no script: the first brings the source.
    fn send_again(&mut self) {
        for (at, (number, command)) in std::mem::take(&mut self.again).into_iter().enumerate() {
            self.write(number, command, at == 0);
        }
    }

    fn write(&mut self, number: RequestNumber, command: Command, with_source: bool) {
        let mut packed = if with_source { cmd("EVAL") } else { cmd("EVALSHA") };
        packed.arg(if with_source { SOURCE } else { &DIGEST }).arg(self.keys.len()).arg(&self.keys);
        for argument in command.arguments(&self.process, self.lease) {
            packed.arg(argument);
        }
        // Fails only when the connection has ended, which the reader notices.
        let _ = self.writes.send(packed.get_packed_command());
        self.in_flight.push_back((number, command, with_source));
    }
}

fn notice(data: &[Value]) -> Option<Notice> {
    let [_, Value::BulkString(text)] = data else { return None };
    Notice::read(std::str::from_utf8(text).ok()?)
}

async fn read(mut replies: Replies, to_driver: mpsc::Sender<Result<Value, String>>) {
    loop {
        let reply = replies.next().await;
        let is_last = reply.is_err();
        if to_driver.send(reply).await.is_err() || is_last {
            return;
        }
    }
}

async fn write(mut writer: WriteHalf<Stream>, mut to_write: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(mut bytes) = to_write.recv().await {
        // Commands of one moment leave together.
        while let Ok(more) = to_write.try_recv() {
            bytes.extend(more);
        }
        // The reader notices the end of the connection.
        if writer.write_all(&bytes).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
}
