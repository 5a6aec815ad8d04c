//! MCP servers that stay: one process or connection per server, many calls over it.
//!
//! `rmcp`, the official SDK, speaks the protocol: the handshake, what a server asks of us, HTTP. What tools are given and
//! what they answer passes it by unread: only JavaScript knows what to do with it.

mod calls;
mod client;
#[cfg(feature = "http")]
mod connection;
mod conversation;
pub mod definition;
pub mod error;
#[cfg(feature = "http")]
mod exchange;
pub mod factory;
mod heard;
#[cfg(feature = "http")]
pub mod http;
pub mod pool;
mod process;
mod request;
pub mod session;
mod stdio;
mod tail;
#[cfg(feature = "http")]
mod traffic;
mod wire;

pub use request::{Outcome, Progress, Request};
