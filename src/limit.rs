//! Decisions on what may start: by the memory and the processors of the machine.
//!
//! No clock, no thread, no promise and no operating system: callers pass times and readings.

pub mod controller;
pub mod memory;
pub mod peaks;
pub mod processor;
mod queue;
#[cfg(test)]
mod simulation_test;
