//! Limits that all processes of one user share on one machine.
//!
//! A slot is a locked file, so the kernel frees the slots of a process that has died. Of all processes that wait, the
//! holder of the turnstile alone looks for a free slot.

mod bell;
mod folder;
mod queue;
mod slot_file;
mod slots;
mod turnstile;

pub use folder::{Folder, FolderError};
pub use slots::{Held, Slots};
