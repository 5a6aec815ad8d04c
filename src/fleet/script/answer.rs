//! The script's answers and notices.

use super::listing::{Listing, Usage, small};
use super::name::unescaped;
use super::{CallId, Command, Epoch, Fence, ServerLimits, Terms, Ticket, Value, Version};
use crate::limit::calls::{Limits, Rate};
use std::time::Duration;

/// A call that got its slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The call.
    pub id: CallId,
    /// The fence of its slots.
    pub fence: Fence,
    /// The ticket; `None` if the call did not wait.
    pub ticket: Option<Ticket>,
    /// True if its server has a rate, which needs to know the time at which the call is sent.
    pub is_rated: bool,
}

/// A call that holds its slots, as Redis knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The call.
    pub id: CallId,
    /// The fence; `None` for a call that started while Redis was away.
    pub fence: Option<Fence>,
    /// True if the call still has to report its sending.
    pub is_rated: bool,
}

/// An answer to a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// False if Redis does not know the process, and did nothing for it.
    pub is_known: bool,
    /// The epoch.
    pub epoch: Epoch,
    /// The version of the limits in force.
    pub version: Version,
    /// The time after which the script has something to do, if anything.
    pub wake: Option<Duration>,
    /// The rest of the time after a loss of memory in which nothing is granted.
    pub grace: Duration,
    /// The number of processes with a lease.
    pub processes: u32,
    /// The calls of this process that got their slots by this command.
    pub grants: Vec<Grant>,
    /// The part that only this command has.
    pub detail: Detail,
}

/// The part of an answer that depends on its command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// To `Join`.
    Joined {
        /// The version of the limits that came with the command.
        version: Version,
        /// The limits of others, if they differ.
        others: Option<LimitsFound>,
    },
    /// To `Beat`: the holders after the command's call up to `until`.
    Holders {
        /// The use of the whole fleet.
        usage: Usage,
        /// The last call that the list covers; `None` if the list reaches the end.
        until: Option<CallId>,
        /// The holders, by number.
        held: Vec<Held>,
    },
    /// To `Acquire` and `Replace`: the calls that wait, with their tickets.
    Waiting(Vec<(CallId, Ticket)>),
    /// To `List`.
    Listing(Box<Listing>),
}

/// Limits that differ from those of a join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitsFound {
    /// True if these limits stay in force; false if the join replaced them.
    pub are_in_force: bool,
    /// The limits.
    pub terms: Terms,
}

/// An answer that is none of this script's. The text says where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Redis gave an answer that procward does not understand ({0})")]
pub struct Malformed(pub &'static str);

/// A message on the process's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Calls of this process got their slots.
    Granted(Vec<Grant>),
    /// The first waiter of a server is this process's, and the server opens after this time.
    Wake(Duration),
}

impl Answer {
    /// Reads the answer to `command`.
    ///
    /// # Errors
    /// Fails if the value has another shape.
    pub fn read(command: &Command, value: &Value) -> Result<Self, Malformed> {
        let fields = value.list().filter(|fields| fields.len() == 8).ok_or(Malformed("fields"))?;
        let number = |at: usize, name| fields[at].number().ok_or(Malformed(name));
        let is_known = number(0, "status")? == 1;
        let wake = match fields[3] {
            Value::Integer(-1) => None,
            _ => Some(Duration::from_millis(number(3, "wake")?)),
        };
        Ok(Self {
            is_known,
            epoch: number(1, "epoch")?,
            version: number(2, "version")?,
            wake,
            grace: Duration::from_millis(number(4, "grace")?),
            processes: small(number(5, "processes")?),
            grants: fields[6].numbers().and_then(|numbers| grants(&numbers)).ok_or(Malformed("grants"))?,
            detail: if is_known { detail(command, &fields[7]).ok_or(Malformed("detail"))? } else { Detail::None },
        })
    }
}

fn detail(command: &Command, value: &Value) -> Option<Detail> {
    Some(match command {
        Command::Join { .. } => joined(value.list()?)?,
        Command::Beat { .. } => holders(&value.numbers()?)?,
        Command::Acquire(_) | Command::Replace { .. } => {
            let numbers = value.numbers()?;
            Detail::Waiting(numbers.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
        }
        Command::List => Detail::Listing(Box::new(Listing::read(value)?)),
        _ => Detail::None,
    })
}

fn joined(values: &[Value]) -> Option<Detail> {
    let [version, found, text] = values else { return None };
    let others = match found.number()? {
        0 => None,
        found => Some(LimitsFound { are_in_force: found == 2, terms: terms(&text.text()?)? }),
    };
    Some(Detail::Joined { version: version.number()?, others })
}

fn holders(numbers: &[u64]) -> Option<Detail> {
    let (&[limit, in_use, waiting, until], rest) = numbers.split_first_chunk()?;
    let usage = Usage { limit: small(limit), in_use: small(in_use), waiting };
    let held = rest.chunks_exact(3).map(|each| Held { id: each[0], fence: nonzero(each[1]), is_rated: each[2] == 1 });
    Some(Detail::Holders { usage, until: nonzero(until), held: held.collect() })
}

fn grants(numbers: &[u64]) -> Option<Vec<Grant>> {
    let grant = |each: &[u64]| Grant { id: each[0], fence: each[1], ticket: nonzero(each[2]), is_rated: each[3] == 1 };
    numbers.len().is_multiple_of(4).then(|| numbers.chunks_exact(4).map(grant).collect())
}

fn nonzero(number: u64) -> Option<u64> {
    (number != 0).then_some(number)
}

/// Reads limits as a join wrote them.
fn terms(text: &str) -> Option<Terms> {
    let mut parts = text.split('\0');
    let limit = parts.next()?.parse().ok()?;
    let parts: Vec<_> = parts.collect();
    let servers = parts.chunks_exact(4).map(|each| {
        let rate = || {
            let interval = Duration::from_micros(each[3].parse().ok()?);
            Some(Rate { limit: each[2].parse().ok()?, interval })
        };
        ServerLimits { server: unescaped(each[0]), limits: Limits { limit: each[1].parse().ok(), rate: rate() } }
    });
    Some(Terms { limit, servers: servers.collect() })
}

impl Notice {
    /// Reads a message of the process's channel. Returns `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        let kind = words.next()?;
        let numbers: Vec<u64> = words.map(|word| word.parse().ok()).collect::<Option<_>>()?;
        match (kind, numbers.as_slice()) {
            ("granted", numbers) => grants(numbers).map(Self::Granted),
            ("wake", &[ms]) => Some(Self::Wake(Duration::from_millis(ms))),
            _ => None,
        }
    }
}
