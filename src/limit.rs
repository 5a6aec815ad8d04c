//! Decisions about what may start now: calls by server, processes by the memory and the processors of the machine.
//!
//! Nothing here has a clock, a thread, a promise or an operating system: callers pass times and readings.

pub mod calls;
pub mod controller;
pub mod memory;
pub mod peaks;
pub mod processor;
mod queue;
#[cfg(test)]
mod simulation_test;
