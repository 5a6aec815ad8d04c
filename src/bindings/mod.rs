//! The N-API layer: converts, never decides. `lib/` wraps the exports and checks every argument first.

mod adopted_child;
mod call_limiter;
mod child;
mod deferred;
mod enums;
mod error;
#[cfg(unix)]
mod event_loop;
#[cfg(feature = "fleet")]
mod fleet;
mod gate;
mod host_limit;
mod mcp;
mod metrics;
mod process;
mod scanner;
mod signal_origin;
mod text;
mod time;
mod tree_events;
mod wait_queue;
mod waker;
mod worker;

/// Runs when the addon is loaded: notes the machine's sleeps before the first child, and marks this process as a server.
#[napi_derive::module_init]
fn on_load() {
    crate::process::table::note_time();
    crate::process::mark::set();
}
