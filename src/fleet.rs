//! One limit for the processes of a fleet, kept in Redis.
//!
//! `script` is everything that happens inside Redis; `client` is a process's side of it.
//! Both are free of clocks, threads and input or output: time comes in as an argument.
//! `driver` brings them time and a connection.

pub mod address;
pub mod client;
#[cfg(feature = "fleet")]
pub mod connection;
#[cfg(feature = "fleet")]
pub mod driver;
pub mod script;
