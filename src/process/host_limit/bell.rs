//! Wakes the holder of a turnstile when a process of this user has given a slot back.

#[cfg_attr(unix, path = "bell/unix.rs")]
#[cfg_attr(windows, path = "bell/windows.rs")]
mod platform;

pub use platform::Bell;
