//! procward's core: limits, tracked child processes and the cleanup of what is left of them.
//!
//! ```text
//! bindings -> supervisor -> runner, scanner -> semaphore, registry, process -> error
//! ```
//! Only `bindings` knows Node.js, only `process` knows the operating system.

pub mod error;
pub mod instance;
pub mod process;
pub mod scanner;
