//! The line of all waiters of one limit. The first in line alone looks for a free slot.
//!
//! The kernel takes a process out of the line when the process dies.

#[cfg_attr(target_os = "linux", path = "line/tickets.rs")]
#[cfg_attr(not(target_os = "linux"), path = "line/turnstile.rs")]
mod platform;

pub use platform::{Line, Place};
