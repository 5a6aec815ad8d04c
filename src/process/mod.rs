//! The operating system: the only module that knows it. One interface, one file per platform below it.

pub mod handle;
pub mod identity;
pub mod table;
#[cfg(windows)]
mod windows;
