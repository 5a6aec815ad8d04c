//! Rules that turn the gate on, until their setter takes them back.

use super::driver::{self, Sensor};
use super::gate::Gate;
use crate::limit::controller::Rules;
use crate::process::host_limit::Charges;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::Handle;

/// Rules that are in force until this is dropped.
#[derive(Debug)]
pub struct InForce {
    gate: Arc<Gate>,
    number: u64,
}

impl Gate {
    /// Puts rules in force beside those of others: of each rule the strictest counts. With `shared`, the memory that other
    /// processes of the user are expected to take is not available. `on_change` is called when the limit or the cause of
    /// waiting has changed.
    pub fn enforce(
        self: &Arc<Self>,
        rules: Rules,
        shared: Option<Charges>,
        runtime: &Handle,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> InForce {
        self.enforce_with(rules, shared, runtime, driver::system(), on_change)
    }

    pub(super) fn enforce_with(
        self: &Arc<Self>,
        rules: Rules,
        shared: Option<Charges>,
        runtime: &Handle,
        sensor: Sensor,
        on_change: impl Fn() + Send + Sync + 'static,
    ) -> InForce {
        let (number, is_first) = self.change(|inner, _| {
            let is_first = inner.rules.is_empty();
            inner.last_setter += 1;
            inner.rules.insert(inner.last_setter, (rules, Arc::new(on_change)));
            if let Some(charges) = shared {
                inner.shares.insert(inner.last_setter, Arc::new(Mutex::new(charges)));
            }
            inner.adopt_rules();
            if is_first {
                inner.driver = inner.last_setter;
            }
            self.is_on.store(true, Ordering::Release);
            (inner.last_setter, is_first)
        });
        if is_first {
            runtime.spawn(driver::run(Arc::clone(self), number, sensor));
        }
        InForce { gate: Arc::clone(self), number }
    }
}

impl InForce {
    /// Notes whether calls wait because as many as the limit allows are in flight.
    pub fn set_full(&self, is_full: bool) {
        self.gate.change(|inner, _| {
            if is_full {
                inner.full.insert(self.number)
            } else {
                inner.full.remove(&self.number)
            };
            inner.controller.set_full(!inner.full.is_empty());
        });
    }
}

impl Drop for InForce {
    fn drop(&mut self) {
        self.gate.change(|inner, _| {
            inner.rules.remove(&self.number);
            inner.full.remove(&self.number);
            if inner.shares.remove(&self.number).is_some() {
                inner.controller.set_charged_by_others(0);
            }
            inner.adopt_rules();
            self.gate.is_on.store(!inner.rules.is_empty(), Ordering::Release);
        });
    }
}
