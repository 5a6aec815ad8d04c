//! Things that are costly to start and can be used again: leases, starts and ends of a pool's members.
//!
//! `state` decides: it has no clock, no thread and no future. `driver` acts: it starts, ends and watches members through
//! a [`Factory`] and hands out leases. `dispatcher` delivers leases to numbered waiters.

mod dispatcher;
mod driver;
mod factory;
mod reason;
mod rules;
mod state;
#[cfg(test)]
mod tests;

pub use dispatcher::Dispatcher;
pub use driver::{Answer, Lease, MemberStatus, Pool, Waiter};
pub use factory::Factory;
pub use reason::{Refusal, Retirement};
pub use rules::{Limits, Rules};
pub use state::{KeyView, MemberState, Stats};
