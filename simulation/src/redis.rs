//! A small model of Redis: the commands that the script uses, on a virtual clock.
//!
//! `tests/differential.rs` compares the model with a real server.

mod hash;
mod sorted_set;

use procward::fleet::script::Value;
use sorted_set::SortedSet;
use std::collections::{BTreeMap, HashMap};

/// A text.
pub type Bytes = Vec<u8>;

/// The server.
#[derive(Debug, Default)]
pub struct Redis {
    /// The clock, in microseconds.
    pub micros: u64,
    /// The messages that were published since the last look, with the channel of each.
    pub published: Vec<(Bytes, Bytes)>,
    memory: Memory,
    subscribers: HashMap<Bytes, usize>,
}

/// Everything that a restart without persistence loses.
#[derive(Debug, Clone, Default)]
pub struct Memory(BTreeMap<Bytes, Key>);

#[derive(Debug, Clone)]
enum Key {
    Hash(BTreeMap<Bytes, Bytes>),
    SortedSet(SortedSet),
}

/// The reply to a command, or the text of an error.
pub type Reply = Result<Value, String>;

impl Redis {
    /// Executes a command.
    ///
    /// # Errors
    /// Fails if the model does not know the command, or if the key has another type.
    pub fn call(&mut self, words: &[&[u8]]) -> Reply {
        let (&name, arguments) = words.split_first().ok_or("no command")?;
        match (name, arguments) {
            (b"TIME", []) => Ok(Value::Array(vec![
                bytes((self.micros / 1_000_000).to_string()),
                bytes((self.micros % 1_000_000).to_string()),
            ])),
            (b"PUBLISH", &[channel, message]) => {
                let count = self.subscribers.get(channel).copied().unwrap_or(0);
                self.published.push((channel.to_vec(), message.to_vec()));
                Ok(number(count))
            }
            (b"PUBSUB", &[b"NUMSUB", channel]) => {
                let count = self.subscribers.get(channel).copied().unwrap_or(0);
                Ok(Value::Array(vec![bytes(channel), number(count)]))
            }
            (b"UNLINK", keys) => Ok(number(keys.iter().filter(|&&key| self.memory.0.remove(key).is_some()).count())),
            (_, &[key, ref rest @ ..]) => self.memory.call(name, key, rest),
            _ => Err(format!("unknown command {}", String::from_utf8_lossy(name))),
        }
    }

    /// Adds a subscriber to a channel.
    pub fn subscribe(&mut self, channel: &[u8]) {
        *self.subscribers.entry(channel.to_vec()).or_default() += 1;
    }

    /// Takes a subscriber from a channel.
    pub fn unsubscribe(&mut self, channel: &[u8]) {
        if let Some(count) = self.subscribers.get_mut(channel) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.subscribers.remove(channel);
            }
        }
    }

    /// Returns a copy of the memory.
    pub fn snapshot(&self) -> Memory {
        self.memory.clone()
    }

    /// Replaces the memory, as a restart does. All subscribers are gone.
    pub fn restart(&mut self, memory: Memory) {
        self.memory = memory;
        self.subscribers.clear();
    }

    /// Loses the memory and keeps the connections, as `FLUSHALL` does.
    pub fn flush(&mut self) {
        self.memory = Memory::default();
    }

    /// Returns the number of elements in all keys.
    pub fn elements(&self) -> usize {
        let lengths = self.memory.0.values().map(|key| match key {
            Key::Hash(hash) => hash.len(),
            Key::SortedSet(set) => set.len(),
        });
        lengths.sum()
    }
}

impl Memory {
    fn call(&mut self, name: &[u8], key: &[u8], rest: &[&[u8]]) -> Reply {
        let is_hash = name.starts_with(b"H");
        let writes = matches!(name, b"HSET" | b"HINCRBY" | b"ZADD");
        if writes && !self.0.contains_key(key) {
            let empty = if is_hash { Key::Hash(BTreeMap::new()) } else { Key::SortedSet(SortedSet::default()) };
            self.0.insert(key.to_vec(), empty);
        }
        let mut none = if is_hash { Key::Hash(BTreeMap::new()) } else { Key::SortedSet(SortedSet::default()) };
        let is_stored = self.0.contains_key(key);
        let stored = self.0.get_mut(key).unwrap_or(&mut none);
        let reply = match stored {
            Key::Hash(hash) if is_hash => hash::call(hash, name, rest),
            Key::SortedSet(set) if !is_hash => set.call(name, rest),
            _ => Err("WRONGTYPE".to_owned()),
        };
        let is_empty = match stored {
            Key::Hash(hash) => hash.is_empty(),
            Key::SortedSet(set) => set.len() == 0,
        };
        if is_stored && is_empty {
            self.0.remove(key);
        }
        reply
    }
}

fn number(number: usize) -> Value {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn bytes(text: impl Into<Vec<u8>>) -> Value {
    Value::Bytes(text.into())
}

fn parsed<T: std::str::FromStr>(word: &[u8]) -> Result<T, String> {
    let text = std::str::from_utf8(word).map_err(|error| error.to_string())?;
    text.parse().map_err(|_| format!("not a number: {text}"))
}
