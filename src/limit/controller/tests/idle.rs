//! Idle processes that end to make room.

use super::*;

#[test]
fn idle_processes_end_the_least_recently_used_first() {
    // The first four of 600 MiB run; 0 has the longest idle time.
    for (idle, peak, ended) in [
        (&[][..], 600, &[][..]),
        (&[2], 200, &[]),
        (&[0], 600, &[0]),
        (&[2, 1, 0], 600, &[2]),
        (&[2, 1, 0], 1_200, &[2, 1]),
        // Nothing ends in vain.
        (&[2, 1], 2_400, &[]),
        // All end, because one may always run.
        (&[3, 2, 1, 0], 9_000, &[3, 2, 1, 0]),
    ] {
        let mut bench = Bench::with_memory();
        bench.learn("a", 600);
        bench.learn("b", peak);
        bench.request(&["a"; 4]);
        let running = bench.admit();
        assert_eq!(running.len(), 4);
        bench.available = 600 * MIB;
        let memory: Vec<_> = running.iter().map(|process| (*process, 600)).collect();
        bench.read(&memory);
        for index in idle {
            bench.pass(1);
            bench.controller.set_idle(running[*index], bench.now);
        }
        bench.request(&["b"]);
        let expected: Vec<_> = ended.iter().map(|index: &usize| running[*index]).collect();
        assert_eq!(bench.controller.make_room(bench.now), expected, "{idle:?}, {peak}");
        assert!(bench.controller.make_room(bench.now).is_empty(), "each once");
        for process in &expected {
            assert_eq!(bench.controller.admit(bench.now), None, "before their end");
            bench.end(*process);
        }
        let may_start = !expected.is_empty() || peak == 200;
        assert_eq!(bench.controller.admit(bench.now).is_some(), may_start, "{idle:?}, {peak}");
    }
}

#[test]
fn a_process_that_is_used_again_does_not_end() {
    let mut bench = Bench::with_memory();
    bench.learn("a", 1_300);
    bench.request(&["a"; 3]);
    let running = bench.admit();
    for process in &running {
        bench.controller.set_idle(*process, bench.now);
        bench.pass(1);
    }
    assert_eq!(bench.controller.make_room(bench.now), [running[0]]);
    bench.controller.set_busy(running[0]);
    assert_eq!(bench.controller.busy(), 1);
    assert_eq!(bench.controller.make_room(bench.now), [running[1]]);
}
