//! Other rules for a controller that is at work.

use super::{Brake, Controller, Rules};

impl Controller {
    /// Replaces the rules. What was learnt stays; a brake with other rules begins anew.
    pub fn set_rules(&mut self, rules: Rules) {
        if self.rules.processor != rules.processor {
            self.brake = rules.processor.map(Brake::new);
        }
        self.rules = rules;
    }

    /// Returns whether the limit has reached the maximum of the rules.
    pub fn is_at_most(&self) -> bool {
        self.brake.as_ref().is_some_and(Brake::is_at_most)
    }
}
