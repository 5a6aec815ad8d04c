//! Decisions about what may start now. Nothing here has a clock, a thread or a promise: callers pass the time.

pub mod calls;
