//! MCP servers that stay: one process or connection per server, many calls over it.
//!
//! `rmcp`, the official SDK, speaks the protocol: handshake, request ids, cancellation, HTTP. What tools are given and what
//! they answer passes it by unread ([`exchange`]): only JavaScript knows what to do with it.

mod client;
pub mod definition;
pub mod error;
mod exchange;
pub mod factory;
#[cfg(feature = "http")]
mod http;
pub mod pool;
mod process;
mod session;
mod stdio;
mod tail;
mod traffic;
mod wire;

pub use exchange::{Progress, Request};
