//! The N-API layer: converts, never decides. What it exports is wrapped by `lib/`, which checks every argument first.

mod deferred;
mod error;
#[cfg(unix)]
mod event_loop;
mod mcp;
mod metrics;
mod process;
mod scanner;
mod tree_events;
mod wait_queue;
mod worker;
