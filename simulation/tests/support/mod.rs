//! A real Redis on a free loopback port, and the model, behind one interface.

use procward::fleet::script::{self, Value};
use procward_simulation::interpreter::Interpreter;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server on which the tests run the script. Its clock stands still until the test moves it.
pub trait Server {
    fn run(&mut self, keys: &[String], arguments: &[Vec<u8>]) -> Result<Value, String>;
    fn command(&mut self, words: &[&[u8]]) -> Result<Value, String>;
    fn set_clock(&mut self, micros: u64);
    fn subscribe(&mut self, channel: &str);
    fn unsubscribe(&mut self, channel: &str);
    /// Returns the messages since the last look.
    fn messages(&mut self) -> Vec<(String, String)>;
}

pub struct Model {
    interpreter: Interpreter,
    subscribed: Vec<Vec<u8>>,
}

impl Model {
    pub fn new() -> Self {
        Self { interpreter: Interpreter::new(script::SOURCE).expect("the script loads"), subscribed: Vec::new() }
    }
}

impl Server for Model {
    fn run(&mut self, keys: &[String], arguments: &[Vec<u8>]) -> Result<Value, String> {
        self.interpreter.run(keys, arguments).map_err(|error| error.to_string())
    }

    fn command(&mut self, words: &[&[u8]]) -> Result<Value, String> {
        self.interpreter.redis_mut().call(words)
    }

    fn set_clock(&mut self, micros: u64) {
        self.interpreter.redis_mut().micros = micros;
    }

    fn subscribe(&mut self, channel: &str) {
        self.interpreter.redis_mut().subscribe(channel.as_bytes());
        self.subscribed.push(channel.into());
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.interpreter.redis_mut().unsubscribe(channel.as_bytes());
        self.subscribed.retain(|each| each != channel.as_bytes());
    }

    fn messages(&mut self) -> Vec<(String, String)> {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        let published = std::mem::take(&mut self.interpreter.redis_mut().published);
        let heard = published.into_iter().filter(|(channel, _)| self.subscribed.contains(channel));
        heard.map(|(channel, message)| (text(channel), text(message))).collect()
    }
}

/// The line of the script that reads the clock, and its form on the tests' clock.
const CLOCK: &str = "call('TIME')";
const TEST_CLOCK: &str = "call('HMGET', 'test:clock', 's', 'us')";

pub struct Real {
    process: Child,
    connection: Connection,
    subscriber: Connection,
    source: String,
}

impl Real {
    /// Starts Debian's `redis-server`. Returns `None`, and says why, where there is none.
    pub fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let folder = std::env::temp_dir();
        let process = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn()
            .inspect_err(|error| eprintln!("left out: there is no redis-server here ({error})"))
            .ok()?;
        let connect = || Connection(BufReader::new(connect(port)));
        let (connection, subscriber) = (connect(), connect());
        assert_eq!(script::SOURCE.matches(CLOCK).count(), 1, "the script reads the clock once");
        let source = script::SOURCE.replace(CLOCK, TEST_CLOCK);
        Some(Self { process, connection, subscriber, source })
    }

    /// Lets the script read the server's own clock.
    #[allow(dead_code, reason = "not every test file needs it")]
    pub fn use_own_clock(&mut self) {
        script::SOURCE.clone_into(&mut self.source);
    }
}

fn connect(port: u16) -> TcpStream {
    for _ in 0..600 {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
    panic!("redis-server does not listen");
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server for Real {
    fn run(&mut self, keys: &[String], arguments: &[Vec<u8>]) -> Result<Value, String> {
        let count = keys.len().to_string();
        let mut words: Vec<&[u8]> = vec![b"EVAL", self.source.as_bytes(), count.as_bytes()];
        words.extend(keys.iter().map(String::as_bytes));
        words.extend(arguments.iter().map(Vec::as_slice));
        self.connection.command(&words)
    }

    fn command(&mut self, words: &[&[u8]]) -> Result<Value, String> {
        self.connection.command(words)
    }

    fn set_clock(&mut self, micros: u64) {
        let (s, us) = ((micros / 1_000_000).to_string(), (micros % 1_000_000).to_string());
        let words: [&[u8]; 6] = [b"HSET", b"test:clock", b"s", s.as_bytes(), b"us", us.as_bytes()];
        self.connection.command(&words).expect("the clock is set");
    }

    fn subscribe(&mut self, channel: &str) {
        self.subscriber.command(&[b"SUBSCRIBE", channel.as_bytes()]).expect("subscribed");
    }

    fn unsubscribe(&mut self, channel: &str) {
        self.subscriber.command(&[b"UNSUBSCRIBE", channel.as_bytes()]).expect("unsubscribed");
    }

    fn messages(&mut self) -> Vec<(String, String)> {
        let mut messages = Vec::new();
        self.subscriber.send(&[b"PING"]);
        loop {
            let reply = self.subscriber.read().expect("a message");
            let Value::Array(parts) = reply else { return messages };
            let text = |at: usize| match &parts[at] {
                Value::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                other => panic!("{other:?}"),
            };
            if text(0) == "pong" {
                return messages;
            }
            messages.push((text(1), text(2)));
        }
    }
}

/// A connection in the protocol of Redis, version 2.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn command(&mut self, words: &[&[u8]]) -> Result<Value, String> {
        self.send(words);
        self.read()
    }

    fn send(&mut self, words: &[&[u8]]) {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend(format!("${}\r\n", word.len()).as_bytes());
            request.extend(*word);
            request.extend(b"\r\n");
        }
        self.0.get_mut().write_all(&request).expect("the server reads");
    }

    fn read(&mut self) -> Result<Value, String> {
        let mut line = String::new();
        self.0.read_line(&mut line).expect("the server answers");
        let (kind, rest) = line.trim_end().split_at(1);
        let number = || rest.parse::<i64>().expect("a number");
        match kind {
            ":" => Ok(Value::Integer(number())),
            "+" => Ok(Value::Bytes(rest.into())),
            "-" => Err(rest.to_owned()),
            "$" | "*" if number() < 0 => Ok(Value::Nil),
            "$" => {
                let mut bytes = vec![0; usize::try_from(number()).expect("a length") + 2];
                self.0.read_exact(&mut bytes).expect("the rest of a text");
                bytes.truncate(bytes.len() - 2);
                Ok(Value::Bytes(bytes))
            }
            "*" => (0..number()).map(|_| self.read()).collect::<Result<_, _>>().map(Value::Array),
            _ => panic!("not the protocol: {line}"),
        }
    }
}
