//! The script that runs inside Redis: its commands, and its answers as types.
//!
//! Redis executes `script.lua` as one step, so that each command sees and leaves a consistent state.
//! The script reads Redis's own clock alone.

mod answer;
mod command;
mod listing;
mod name;
mod value;

#[cfg(test)]
mod tests;

pub use answer::{Answer, Detail, Grant, Held, LimitsFound, Malformed, Notice};
pub use command::{Ask, Command, Reclaim, ServerLimits, Terms};
pub use listing::{ListedHolder, ListedPause, ListedProcess, ListedServer, ListedWaiter, Listing, Usage};
pub use name::{FleetName, ProcessId, ProcessInfo};
pub use value::Value;

/// The source, for `EVAL` and for the digest of `EVALSHA`.
pub const SOURCE: &str = include_str!("script.lua");

/// Identifies an acquire within its process. Its process counts them up and uses none twice.
pub type CallId = u64;

/// A number that rises with each grant of a name, for fencing. Below 2^53.
pub type Fence = u64;

/// The place in the order of waiters: the lowest goes first. Below 2^53.
pub type Ticket = u64;

/// The birth of a name's state in Redis. Another epoch means that Redis lost its memory in between.
pub type Epoch = u64;

/// The age of limits: the highest version is in force.
pub type Version = u64;

/// The most items that one command carries, which bounds the time that Redis spends on the command.
pub const MOST_ITEMS: usize = 32;
