//! The gate that every process tree passes before its start, if the starts follow the machine's memory or processors.
//!
//! The gate is off unless rules turn it on; off it costs one load of an atomic. `limit::controller` decides, the gate gives
//! it the readings and the time, and `driver` is the one task that reads.

mod admitted;
mod driver;
mod gate;
mod in_force;
mod pending;
mod reserved;
mod rules;
mod status;
#[cfg(test)]
mod tests;

pub use crate::limit::controller::{Learnt, LimitedBy, Reading, Rules};
pub use crate::limit::memory::{self, Amount, Machine};
pub use crate::limit::processor::{self, Change, Pressure, Reason};
pub use admitted::Admission;
pub use gate::{Gate, IdleTrees};
pub use in_force::InForce;
pub use pending::PendingStarts;
pub use reserved::{Reservation, Right};
pub use status::Status;
