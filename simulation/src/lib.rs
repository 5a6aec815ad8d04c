//! A simulation of fleets: the script of `src/fleet/`, its clients, and everything that can fail, on virtual time.

pub mod fault;
pub mod interpreter;
pub mod plan;
pub mod random;
pub mod redis;
pub mod shrink;
pub mod witness;
pub mod world;
