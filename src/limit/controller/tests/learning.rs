//! The memory that is learnt about servers.

use super::*;

#[test]
fn a_server_is_known_once_its_memory_was_level_for_three_seconds() {
    // The memory at each second; a tree without readings is level too.
    for (memory, known_at) in [
        (&[Some(100); 9][..], 3),
        (&[Some(100), Some(120), Some(120), Some(90), Some(121), Some(121)], 4),
        (&[Some(100), Some(120), Some(150), Some(200), Some(250)], 99),
        (&[None; 9], 3),
    ] {
        let mut bench = Bench::with_memory();
        let requests = bench.request(&["a", "a", "a"]);
        bench.admit();
        let known = (0..).zip(memory).position(|(second, memory)| {
            // The other one grows all the time.
            bench.read(&memory.map_or(vec![], |memory| vec![(requests[0], memory), (requests[1], 40 + 10 * second)]));
            let is_known = bench.controller.admit(bench.now).is_some();
            bench.pass(1_000);
            is_known
        });
        assert_eq!(known.unwrap_or(99), known_at, "{memory:?}");
    }
}

#[test]
fn a_failed_start_teaches_nothing() {
    let mut bench = Bench::with_memory();
    let requests = bench.request(&["a"; 5]);
    assert_eq!(bench.admit(), requests[..2]);
    bench.controller.start_failed(requests[0]);
    assert_eq!(bench.admit(), [requests[2]]);
    assert_eq!(bench.controller.learnt()[0].peaks, 0);
}

#[test]
fn a_tree_that_outgrows_its_estimate_raises_it_at_once() {
    let mut bench = Bench::with_memory();
    bench.learn("a", 100);
    let process = bench.request(&["a"])[0];
    bench.admit();
    bench.read(&[(process, 100)]);
    assert!((bench.mean("a") - 100.0).abs() < 1e-9);
    bench.read(&[(process, 700)]);
    assert!((bench.mean("a") - 700.0).abs() < 1e-9, "{}", bench.mean("a"));
}

#[test]
fn the_peak_that_the_system_kept_counts_before_the_readings() {
    for (read_at, ended_at, peak, killed, learnt) in [
        (0, 500, None, false, Some(40)),
        // The readings have lost sight of it, so that its peak is unknown.
        (0, 2_000, None, false, None),
        (0, 2_000, Some(90), false, Some(90)),
        (0, 2_000, Some(10), false, Some(40)),
        // A killed process would have grown on.
        (0, 2_000, None, true, Some(50)),
        (0, 2_000, Some(80), true, Some(100)),
    ] {
        let mut bench = Bench::with_memory();
        let process = bench.request(&["a"])[0];
        bench.admit();
        bench.pass(read_at);
        bench.read(&[(process, 40)]);
        bench.pass(ended_at - read_at);
        let peak = peak.map(|peak: u64| peak * MIB);
        bench.controller.ended(process, Ended { peak, out_of_memory: killed }, bench.now);
        let unknown = 256;
        let (is, expected) = (bench.mean("a"), f64::from(learnt.unwrap_or(unknown)));
        assert!((is - expected).abs() < 1e-9, "{ended_at}, {peak:?}, {killed}: {is}");
    }
}

#[test]
fn a_kill_asks_for_a_new_reading() {
    let mut bench = Bench::with_memory();
    let requests = bench.request(&["a", "b", "c"]);
    assert_eq!(bench.admit(), requests);
    bench.request(&["d"]);
    bench.controller.ended(requests[0], Ended { peak: None, out_of_memory: true }, bench.now);
    assert_eq!(bench.controller.admit(bench.now), None);
    assert_eq!(bench.controller.next_reading(), Some(Duration::ZERO));
    assert_eq!(bench.admit().len(), 1);
}

#[test]
fn the_server_that_was_not_used_for_longest_is_forgotten() {
    let mut bench = Bench::with_memory();
    let first = bench.request(&["first"])[0];
    bench.admit();
    for number in 0..servers::KEPT + 10 {
        let request = bench.controller.request(&format!("server {number}"));
        bench.controller.cancel(request);
    }
    let names: Vec<_> = bench.controller.learnt().into_iter().map(|learnt| learnt.server).collect();
    assert_eq!(names.len(), servers::KEPT);
    assert!(names.iter().any(|name| &**name == "first"), "it runs");
    assert!(names.iter().all(|name| &**name != "server 10"));
    bench.end(first);
}
