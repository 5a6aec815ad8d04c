//! The commands of a process to the script.

use super::name::escaped;
use super::{CallId, Fence, ProcessId, ProcessInfo, Ticket, Version};
use crate::limit::calls::Limits;
use std::time::Duration;

/// The limits that a process was started with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The overall limit.
    pub limit: u32,
    /// The servers with limits, by name.
    pub servers: Vec<ServerLimits>,
}

/// The limits of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    /// The server's name.
    pub server: String,
    /// Its limits.
    pub limits: Limits,
}

/// A request for the slots of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// The call.
    pub id: CallId,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// The ticket of an earlier answer, which keeps the call's place.
    pub ticket: Option<Ticket>,
}

/// A holder that its process takes back, because Redis does not know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaim {
    /// The call.
    pub id: CallId,
    /// Its server.
    pub server: String,
    /// The number of slots.
    pub cost: u32,
    /// Its fence; `None` for a call that started while Redis was away.
    pub fence: Option<Fence>,
}

/// One command. Lists have at most [`super::MOST_ITEMS`] items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Makes the process known, begins its lease, and brings its limits.
    Join {
        /// The version of an earlier join with the same limits; `None` makes these limits the newest.
        version: Option<Version>,
        /// The limits.
        terms: Terms,
        /// The process as people know it.
        info: ProcessInfo,
    },
    /// Extends the lease of a known process, and lists what the process holds.
    Beat {
        /// The list begins after this call.
        after: CallId,
    },
    /// Asks for slots. Asking again changes nothing.
    Acquire(Vec<Ask>),
    /// Ends calls, holders or waiters. Ending again changes nothing.
    Release(Vec<CallId>),
    /// Releases calls, and then acquires for others.
    Replace {
        /// The calls that end.
        ended: Vec<CallId>,
        /// The calls that ask.
        asks: Vec<Ask>,
    },
    /// Dates calls that were sent to their servers; only a rate needs this.
    Sent(Vec<CallId>),
    /// Takes holders back.
    Reclaim(Vec<Reclaim>),
    /// Lets no call of the server start for a while. A longer pause stays.
    Pause {
        /// The server's name.
        server: String,
        /// The time from the command's arrival.
        time: Duration,
    },
    /// Does what time made due.
    Tick,
    /// Ends the process's lease and all its calls.
    Leave,
    /// Lists the state. It changes nothing, and any process id may ask.
    List,
}

/// The arguments before a command's own.
const OWN: usize = 3;

impl Command {
    /// Returns the script's arguments.
    pub fn arguments(&self, process: &ProcessId, lease: Duration) -> Vec<Vec<u8>> {
        let mut arguments = Arguments(Vec::with_capacity(OWN + 4));
        arguments.text(self.word()).text(process.as_str()).number(lease.as_millis());
        self.write(&mut arguments);
        arguments.0
    }

    fn word(&self) -> &'static str {
        match self {
            Self::Join { .. } => "join",
            Self::Beat { .. } => "beat",
            Self::Acquire(_) => "acquire",
            Self::Release(_) => "release",
            Self::Replace { .. } => "replace",
            Self::Sent(_) => "sent",
            Self::Reclaim(_) => "reclaim",
            Self::Pause { .. } => "pause",
            Self::Tick => "tick",
            Self::Leave => "leave",
            Self::List => "list",
        }
    }

    fn write(&self, to: &mut Arguments) {
        match self {
            Self::Join { version, terms, info } => {
                to.number(version.unwrap_or(0)).text(&info.to_text()).number(terms.limit);
                for ServerLimits { server, limits } in &terms.servers {
                    to.server(server).optional(limits.limit);
                    to.optional(limits.rate.map(|rate| rate.limit));
                    to.optional(limits.rate.map(|rate| rate.interval.as_micros()));
                }
            }
            Self::Beat { after } => to.call(*after),
            Self::Acquire(asks) => to.asks(asks),
            Self::Replace { ended, asks } => {
                to.number(ended.len());
                to.calls(ended);
                to.asks(asks);
            }
            Self::Release(calls) | Self::Sent(calls) => to.calls(calls),
            Self::Reclaim(holders) => {
                for holder in holders {
                    to.call(holder.id);
                    to.server(&holder.server).number(holder.cost).number(holder.fence.unwrap_or(0));
                }
            }
            Self::Pause { server, time } => drop(to.server(server).number(time.as_millis())),
            Self::Tick | Self::Leave | Self::List => {}
        }
    }
}

struct Arguments(Vec<Vec<u8>>);

impl Arguments {
    fn text(&mut self, text: &str) -> &mut Self {
        self.0.push(text.as_bytes().to_vec());
        self
    }

    fn server(&mut self, server: &str) -> &mut Self {
        self.text(&escaped(server))
    }

    fn number(&mut self, number: impl std::fmt::Display) -> &mut Self {
        self.text(&format!("{number}"))
    }

    fn optional(&mut self, number: Option<impl std::fmt::Display>) -> &mut Self {
        self.text(&number.map_or_else(String::new, |number| number.to_string()))
    }

    fn asks(&mut self, asks: &[Ask]) {
        for ask in asks {
            self.call(ask.id);
            self.server(&ask.server).number(ask.cost).number(ask.ticket.unwrap_or(0));
        }
    }

    fn calls(&mut self, calls: &[CallId]) {
        for &call in calls {
            self.call(call);
        }
    }

    /// Writes a call's number with leading zeros, so that Redis sorts calls by number.
    fn call(&mut self, call: CallId) {
        self.text(&format!("{call:016}"));
    }
}
