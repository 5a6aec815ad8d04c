//! procward's core: limits, tracked child processes and the cleanup of orphans.
//!
//! ```text
//! bindings -> supervisor -> mcp, worker, scanner -> pool, runner -> registry -> admission -> process, fleet -> limit,
//! metrics, error, wait_queue -> blocking, code, timer, trust
//! ```
//! `scripts/lint/layers.mjs` fails on an import that goes up. Only `bindings` knows Node.js, only `process` knows the operating system.

// Without N-API in the test build: there is no Node.js to call it.
#[cfg(all(feature = "napi", not(test)))]
mod bindings;

pub mod admission;
mod blocking;
mod code;
pub mod error;
pub mod fleet;
pub mod limit;
pub mod mcp;
pub mod metrics;
pub mod pool;
pub mod process;
pub mod registry;
pub mod runner;
pub mod scanner;
pub mod supervisor;
mod timer;
#[cfg(any(feature = "http", feature = "fleet"))]
pub mod trust;
pub mod wait_queue;
pub mod worker;
