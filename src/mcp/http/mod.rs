//! Servers that are reached over HTTP ("streamable HTTP"): no process at all.

#![allow(dead_code, reason = "the connection above these comes with the merge")]

pub mod client;
#[cfg(test)]
mod client_test;
pub mod events;
pub mod headers;
mod old;
pub mod proxies;
mod redirect;
pub mod secrets;
pub mod trust;
pub mod verdict;
pub mod words;

pub use old::{client_error, connect, without_address};
