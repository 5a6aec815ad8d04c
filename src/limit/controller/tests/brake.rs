//! The limit of the moment.

use super::*;
use crate::limit::processor::Reason;

#[test]
fn the_limit_of_the_processors_counts_what_is_not_idle() {
    let mut bench = Bench::with_cores(1, None);
    let requests = bench.request(&["a"; 4]);
    assert_eq!(bench.admit(), requests[..2]);
    assert_eq!(bench.controller.limited_by(), Some(LimitedBy::Cpu));
    bench.controller.set_idle(requests[0], bench.now);
    assert_eq!(bench.admit(), [requests[2]]);
    assert!(bench.controller.make_room(bench.now).is_empty(), "an end would not help");
}

#[test]
fn the_limit_rises_to_its_maximum_while_a_request_waits() {
    let mut bench = Bench::with_cores(1, Some(4));
    bench.request(&["a"; 9]);
    for _ in 0..40 {
        bench.admit();
        bench.pass(250);
    }
    assert_eq!((bench.controller.running(), bench.controller.waiting()), (4, 5));
    assert_eq!((bench.controller.limit(), bench.controller.limited_by()), (Some(4), Some(LimitedBy::Slots)));
    let raised: Vec<_> = bench.controller.changes().map(|change| (change.from, change.to)).collect();
    assert_eq!(raised, [(2, 3), (3, 4)]);
}

#[test]
fn calls_to_running_sessions_raise_the_limit_too() {
    let mut bench = Bench::with_cores(1, None);
    bench.controller.set_full(true);
    for _ in 0..9 {
        bench.read(&[]);
        bench.pass(250);
    }
    assert_eq!(bench.controller.limit(), Some(3));
}

#[test]
fn the_last_changes_of_the_limit_are_kept_with_their_reasons() {
    let mut bench = Bench::with_cores(1, None);
    bench.controller.set_full(true);
    for second in 0..2_000 {
        bench.pressure = if second % 20 < 10 { 10.0 } else { 90.0 };
        bench.read(&[]);
        bench.pass(1_000);
    }
    assert_eq!(bench.controller.changes().count(), CHANGES);
    for change in bench.controller.changes() {
        assert_eq!(change.reason, if change.to > change.from { Reason::Demand } else { Reason::Cpu });
        assert!(change.at > Duration::from_secs(1_700));
    }
}

#[test]
fn a_limit_that_was_reached_between_two_readings_was_full() {
    let mut bench = Bench::with_cores(1, None);
    for quarter in 0..12 {
        let requests = bench.request(&["a"; 3]);
        // The first reading comes before the limit is reached, so that the two seconds end with the tenth.
        assert_eq!(bench.admit().len(), if quarter < 9 { 2 } else { 3 }, "{quarter}");
        bench.controller.cancel(requests[2]);
        for process in requests {
            bench.end(process);
        }
        // At the next reading nothing runs or waits.
        bench.pass(250);
    }
}
