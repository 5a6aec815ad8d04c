//! A simulation of fleets: the script of `src/fleet/`, its clients, and everything that can fail, on virtual time.

pub mod interpreter;
pub mod redis;
