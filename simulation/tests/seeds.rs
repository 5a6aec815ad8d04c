//! A short run of the simulation. The long one is `npm run check:long fleet`.

use procward_simulation::fault::Fault;
use procward_simulation::plan::{Plan, Setting};
use procward_simulation::shrink::shrink;
use procward_simulation::world::World;

#[test]
fn no_promise_is_broken() {
    for seed in 1..=6 {
        let mut steps = Vec::new();
        let outcome = World::run_random(&Setting::random(seed), 2000, None, &mut steps);
        assert!(outcome.is_ok(), "seed {seed}: {outcome:?}");
    }
}

#[test]
fn a_planted_fault_is_found_and_its_plan_shortened() {
    let fault = Some(Fault::NoListenerCheck);
    let setting = Setting::random(1);
    let mut steps = Vec::new();
    let violation = World::run_random(&setting, 10_000, fault, &mut steps).expect_err("the fault is found");
    let count = steps.len();
    let (plan, violation) = shrink(Plan { setting, steps }, violation, fault, 30);
    assert!(plan.steps.len() < count, "{count}");
    assert_eq!(World::run(&plan, fault).expect_err("the fault is found again"), violation);
    assert!(World::run(&plan, None).is_ok(), "without the fault nothing is wrong");
}
