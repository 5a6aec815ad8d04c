//! A process tree: a command and all its descendants.

mod adopted;
#[cfg(unix)]
mod default_signals;
mod exit_status;
#[cfg(unix)]
mod held_group;
#[cfg(unix)]
mod members;
mod pipes;
#[cfg(unix)]
#[path = "tree/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "tree/windows/mod.rs"]
mod platform;
#[cfg(unix)]
mod process_group;
#[cfg(unix)]
mod reap;
mod signaller;
mod spec;
mod started;
mod streams;
#[cfg(unix)]
mod table_tree;
#[cfg(target_os = "linux")]
mod warden;
#[cfg(target_os = "macos")]
mod watcher;

pub use adopted::{Adopted, adopt, tag_of};
pub use exit_status::ExitStatus;
pub use pipes::{ChildStderr, ChildStdin, ChildStdout, try_read, try_write};
#[cfg(target_os = "linux")]
pub use platform::start_at_once;
pub use platform::{Root, start};
pub use signaller::Signaller;
pub use spec::{Choices, Outputs, Spec};
#[cfg(target_os = "linux")]
pub use spec::{Placement, ProcessGroup};
pub use started::Started;
pub use streams::{Stream, Streams, Unopened};
#[cfg(target_os = "linux")]
pub use warden::{Orders, Refusal, able as warden_able};

// `members` imports these types from its parent, because the watcher compiles `members` with its own types.
#[cfg(unix)]
use crate::process::identity::StartMark;
#[cfg(unix)]
use crate::process::table::Link;
