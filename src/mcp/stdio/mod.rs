//! Servers that are processes, reached over their standard input and output.

mod connect;
mod connection;
mod spawn;

pub use connect::{Server, connect};
