//! A use of a member.

use super::Factory;
use super::handle::Shared;
use super::state::Return;
use std::ops::Deref;
use std::sync::Arc;

/// One use of a member, given back when it is dropped. When the member is gone in the meantime that changes nothing.
pub struct Lease<F: Factory> {
    shared: Arc<Shared<F>>,
    number: u64,
    member: Arc<F::Member>,
    how: Return,
}

impl<F: Factory> Lease<F> {
    /// A lease that has not reached its user yet.
    pub(super) fn new(shared: Arc<Shared<F>>, number: u64, member: Arc<F::Member>) -> Self {
        Self { shared, number, member, how: Return::Unused }
    }

    /// It has: from now on it counts as a use.
    #[must_use]
    pub fn delivered(mut self) -> Self {
        self.how = Return::Used;
        self
    }

    /// The member, for keeping; it may end as soon as the lease is given back.
    pub fn member(&self) -> Arc<F::Member> {
        Arc::clone(&self.member)
    }

    /// The member's number.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The member is not fit for further use: it is not lent any more, and ends when all its leases are back.
    pub fn spoil(&self) {
        self.shared.change(|inner, now| inner.state.spoil(self.number, now));
    }

    /// The member has ended by itself: the same, and it counts as a failure of its kind.
    pub fn failed(&self, error: F::Error) {
        self.shared.change(|inner, now| inner.state.failed(self.number, error, now));
    }
}

impl<F: Factory> Deref for Lease<F> {
    type Target = F::Member;

    fn deref(&self) -> &F::Member {
        &self.member
    }
}

impl<F: Factory> Drop for Lease<F> {
    fn drop(&mut self) {
        self.shared.change(|inner, now| inner.state.give_back(self.number, self.how, now));
    }
}
