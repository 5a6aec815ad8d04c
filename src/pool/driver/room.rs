//! Room for other processes: idle members end, and starts that no waiter needs are withdrawn.

use super::shared::{Inner, Shared};
use crate::admission::IdleTrees;
use crate::pool::factory::Factory;
use std::sync::Arc;
use std::time::Instant;

impl<F: Factory> IdleTrees for Shared<F> {
    fn idle(self: Arc<Self>) -> Vec<(u64, Instant)> {
        let inner = self.inner.lock();
        let tree = |(number, since)| Some((self.factory.tree(&*inner.member(number)?)?, since));
        inner.state.idle().filter_map(tree).collect()
    }

    fn evict(self: Arc<Self>, tree: u64) -> bool {
        self.change(|inner, now| {
            let is_meant = |number| inner.member(number).is_some_and(|member| self.factory.tree(&member) == Some(tree));
            let found = inner.state.idle().map(|(number, _)| number).find(|number| is_meant(*number));
            found.is_some_and(|number| inner.state.evict(number, now))
        })
    }
}

impl<F: Factory> Shared<F> {
    /// Withdraws the starts that wait for their admission without a waiter that needs them.
    pub fn withdraw_surplus(&self, inner: &mut Inner<F>) {
        if !self.factory.has_pending() {
            return;
        }
        for number in inner.state.surplus_starts() {
            if self.factory.withdraw(number) {
                inner.state.withdraw_start(number);
            }
        }
    }
}
