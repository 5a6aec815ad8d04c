//! Shortens a plan that breaks a promise.

use crate::fault::Fault;
use crate::plan::Plan;
use crate::witness::Violation;
use crate::world::World;

/// Leaves out steps as long as a promise is still broken, in at most `tries` runs. Returns the plan with its violation.
pub fn shrink(mut plan: Plan, mut violation: Violation, fault: Option<Fault>, mut tries: u32) -> (Plan, Violation) {
    let mut size = plan.steps.len().div_ceil(2);
    while size > 0 && tries > 0 {
        let mut from = 0;
        let mut has_shrunk = false;
        while from < plan.steps.len() && tries > 0 {
            tries -= 1;
            let mut shorter = plan.clone();
            let end = (from + size).min(shorter.steps.len());
            let time: u64 = shorter.steps.drain(from..end).map(|step| step.after).sum();
            // The time stays, because most faults need it.
            if let Some(next) = shorter.steps.get_mut(from) {
                next.after += time;
            }
            match World::run(&shorter, fault) {
                Err(found) => {
                    (plan, violation, has_shrunk) = (shorter, found, true);
                }
                Ok(_) => from += size,
            }
        }
        if size == 1 && !has_shrunk {
            break;
        }
        size = if has_shrunk && size == 1 { 1 } else { size / 2 };
    }
    (plan, violation)
}
