//! Sessions with MCP servers: one process or connection per server, many calls over it.
//!
//! `client` is the JSON-RPC client of every session; `stdio` and `http` carry its messages. Parameters and results are
//! text, because only JavaScript knows what they mean.

mod client;
pub mod display_text;
pub mod error;
mod events;
mod fitness;
mod handshake;
#[cfg(feature = "http")]
pub mod http;
mod in_flight;
mod jsonrpc;
mod memory_watch;
mod pages;
pub mod pool;
mod request;
mod retry_hint;
pub mod server_config;
mod server_counts;
mod server_log;
mod server_requests;
pub mod session;
mod session_factory;
mod stdio;

pub use events::Events;
pub use in_flight::{Call, Stay};
#[cfg(fuzzing)]
pub use jsonrpc::{Incoming, read as read_messages};
pub use pages::Page;
pub use request::{Listeners, OnSent, Outcome, Progress, Request};
pub use retry_hint::RetryHeaders;
pub use server_counts::ServerCounts;
pub use server_requests::{OnServerRequest, RequestEvent};
