//! The operating system: the only module that knows it. One interface, one file per platform below it.

#[cfg(target_os = "linux")]
mod cgroup;
pub mod guarantee;
pub mod handle;
pub mod host;
pub mod identity;
pub mod mark;
pub mod oom;
#[cfg(target_os = "linux")]
mod proc_files;
pub mod program;
pub mod table;
pub mod tag;
pub mod tree;
pub mod usage;
#[cfg(target_os = "linux")]
mod warden_program;
#[cfg(windows)]
mod windows;
