//! Workers: processes that speak in lines. A worker serves one user at a time, and many users one after another.

mod error;
mod factory;
mod pool;
mod process;
#[cfg(all(test, unix))]
mod tests;

pub use error::{WorkerEnd, WorkerError};
pub use factory::{Template, WorkerFactory};
pub use pool::{Acquired, Count, Use, WorkerPool};
pub use process::Worker;
