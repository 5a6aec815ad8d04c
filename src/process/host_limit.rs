//! Limits that all processes of one user share on one machine.
//!
//! A slot is a locked file, so the kernel frees the slots of a process that has died. Of all processes that wait, the
//! first in line alone looks for a free slot.

mod bell;
mod charges;
mod folder;
mod line;
mod queue;
mod server;
mod shared;
mod slot_file;
mod slots;

pub use charges::Charges;
pub use folder::{Folder, FolderError};
pub use shared::Held;
pub use slots::{Acquired, Slots};
