//! The operating system. No other module knows the system. Each part has one interface and one file for each platform.

pub mod available;
#[cfg(target_os = "linux")]
mod cgroup;
pub mod clock;
pub mod cpu;
#[cfg(target_os = "linux")]
pub mod descriptors;
pub mod guarantee;
pub mod handle;
pub mod host;
pub mod host_limit;
pub mod identity;
#[cfg(unix)]
mod inherited;
pub mod mark;
pub mod oom;
pub mod own_memory;
#[cfg(target_os = "linux")]
mod proc_files;
pub mod program;
#[cfg(target_os = "linux")]
pub mod signal_origin;
pub mod table;
pub mod tag;
pub mod tree;
pub mod usage;
#[cfg(target_os = "linux")]
mod warden_program;
#[cfg(windows)]
mod windows;
