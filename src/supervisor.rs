//! One of each for the whole process, however many JavaScript environments it has.

use crate::registry::Registry;
use once_cell::sync::OnceCell;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// What all environments share.
#[derive(Debug)]
pub struct Supervisor {
    /// The trees that run now.
    pub registry: Arc<Registry>,
    /// Where everything runs that must not hold up JavaScript.
    pub runtime: Runtime,
}

impl Supervisor {
    /// The supervisor of this process, made when it is first needed.
    ///
    /// # Errors
    /// The system's error when no thread can be started.
    pub fn get() -> io::Result<&'static Self> {
        static SUPERVISOR: OnceCell<Supervisor> = OnceCell::new();
        SUPERVISOR.get_or_try_init(|| {
            // The work is waiting for pipes and processes: one thread for that, and a few for reading the process table.
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(1).max_blocking_threads(4).thread_keep_alive(Duration::from_secs(5));
            let runtime = builder.thread_name("procward").enable_all().build()?;
            Ok(Self { registry: Arc::default(), runtime })
        })
    }
}
