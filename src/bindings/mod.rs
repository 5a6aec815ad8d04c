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

/// When the addon is loaded: so that it is known of the machine's sleeps which came before a child that is started now, and
/// so that other servers know this one.
#[napi_derive::module_init]
fn on_load() {
    crate::process::table::note_time();
    crate::process::mark::set();
}
