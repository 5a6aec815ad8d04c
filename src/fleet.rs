//! One limit for the processes of a fleet, kept in Redis.
//!
//! `script` is everything that happens inside Redis; `client` is a process's side of it.
//! Both are free of clocks, threads and input or output: time comes in as an argument.

pub mod client;
pub mod script;
