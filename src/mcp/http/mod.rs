//! Servers that are reached over HTTP ("streamable HTTP"): no process at all.

mod body;
mod client;
mod connect;
mod connection;
mod encoding;
mod error_text;
mod events;
mod exchange;
mod failure;
mod headers;
mod listen;
mod messages;
pub mod proxies;
mod redirect;
mod retry_headers;
mod secrets;
mod standard_headers;
mod transport;
mod verdict;

pub use connect::connect;
pub use connection::Connection;
#[cfg(fuzzing)]
pub use events::{Event, EventReader};

#[cfg(test)]
mod client_test;
#[cfg(test)]
mod encoding_test;
