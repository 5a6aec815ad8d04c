use super::*;
use crate::limit::memory::Amount;
use crate::limit::processor::Reason;

const MIB: u64 = 1024 * 1024;
const TOTAL: u64 = 4_000 * MIB;

/// A controller with its clock and its machine.
struct Bench {
    controller: Controller,
    now: Duration,
    available: u64,
    pressure: f64,
}

impl Bench {
    fn new(memory: memory::Rules, processor: Option<processor::Rules>) -> Self {
        let controller = Controller::new(Rules { memory: Some(memory), processor });
        Self { controller, now: Duration::ZERO, available: 3_000 * MIB, pressure: 0.0 }
    }

    fn with_memory() -> Self {
        Self::new(memory::Rules::default(), None)
    }

    fn with_cores(cores: usize, max: Option<usize>) -> Self {
        let mut bench = Self::new(memory::Rules::default(), Some(processor::Rules { cores, max }));
        bench.learn("a", 10);
        bench
    }

    /// Teaches a server's peak in MiB, without variance.
    fn learn(&mut self, server: &str, peak: u64) {
        for _ in 0..3 {
            self.controller.request(server);
            for process in self.admit() {
                let ended = Ended { peak: Some(peak * MIB), out_of_memory: false };
                self.controller.ended(process, ended, self.now);
            }
        }
    }

    /// Reads the machine and some trees, whose memory is in MiB.
    fn read(&mut self, trees: &[(ProcessId, u64)]) {
        let machine = Some(Machine { available: self.available, total: TOTAL });
        let trees = trees.iter().map(|(process, memory)| (*process, memory * MIB)).collect();
        let pressure = Some(Pressure::Waiting(self.pressure));
        self.controller.read(&Reading { machine, pressure, trees }, self.now);
    }

    /// Admits all that may start, after a reading.
    fn admit(&mut self) -> Vec<ProcessId> {
        self.read(&[]);
        let admitted = std::iter::from_fn(|| self.controller.admit(self.now)).collect();
        admitted
    }

    fn request(&mut self, servers: &[&str]) -> Vec<ProcessId> {
        servers.iter().map(|server| self.controller.request(server)).collect()
    }

    fn pass(&mut self, ms: u64) {
        self.now += Duration::from_millis(ms);
    }

    fn end(&mut self, process: ProcessId) {
        self.controller.ended(process, Ended::default(), self.now);
    }

    fn mean(&self, server: &str) -> f64 {
        let learnt = self.controller.learnt();
        learnt.iter().find(|learnt| &*learnt.server == server).expect("a known server").estimate.mean / 1_048_576.0
    }
}

#[test]
fn what_has_no_rules_limits_nothing() {
    let mut controller = Controller::new(Rules::default());
    let requests: Vec<_> = (0..100).map(|_| controller.request("a")).collect();
    let admitted: Vec<_> = std::iter::from_fn(|| controller.admit(Duration::ZERO)).collect();
    assert_eq!(admitted, requests);
    assert_eq!((controller.limit(), controller.limited_by()), (None, None));
}

#[test]
fn one_may_always_run() {
    let mut bench = Bench::with_memory();
    bench.available = 0;
    let requests = bench.request(&["a", "b"]);
    assert_eq!(bench.controller.admit(bench.now), Some(requests[0]), "before any reading");
    assert_eq!(bench.admit(), []);
    assert_eq!(bench.controller.limited_by(), Some(LimitedBy::Memory));
    bench.end(requests[0]);
    assert_eq!(bench.admit(), [requests[1]]);
}

#[test]
fn no_admission_rests_on_an_old_reading() {
    let mut bench = Bench::with_memory();
    let requests = bench.request(&["a", "b"]);
    assert_eq!(bench.admit(), requests);
    let third = bench.request(&["c"])[0];
    bench.pass(251);
    assert_eq!(bench.controller.admit(bench.now), None);
    assert_eq!(bench.admit(), [third]);
}

#[test]
fn processes_start_while_their_memory_fits() {
    let mut bench = Bench::with_memory();
    bench.learn("a", 500);
    let requests = bench.request(&["a"; 6]);
    // 3,000 available, 400 in reserve: five of 500.
    assert_eq!(bench.admit(), requests[..5]);
    // The first has grown, so that the memory is no longer available, and no longer expected to be needed.
    bench.available = 2_500 * MIB;
    bench.read(&[(requests[0], 500)]);
    assert_eq!(bench.controller.admit(bench.now), None);
    // Its end frees the memory before the next reading.
    bench.end(requests[0]);
    assert_eq!(bench.controller.admit(bench.now), Some(requests[5]));
}

#[test]
fn a_budget_and_a_fixed_reserve_bound_all_processes_together() {
    let rules = |budget, reserve| memory::Rules { budget, reserve };
    for (rules, admitted) in [
        (rules(None, None), 5),
        (rules(None, Some(Amount::Bytes(1_000 * MIB))), 4),
        (rules(None, Some(Amount::Percent(0.0))), 6),
        (rules(Some(Amount::Bytes(1_200 * MIB)), None), 2),
        (rules(Some(Amount::Percent(40.0)), None), 3),
    ] {
        let mut bench = Bench::new(rules, None);
        bench.learn("a", 500);
        bench.request(&["a"; 10]);
        assert_eq!(bench.admit().len(), admitted, "{rules:?}");
    }
}

#[test]
fn an_unknown_server_has_two_processes_and_stops_no_other() {
    let mut bench = Bench::with_memory();
    let requests = bench.request(&["a", "a", "a", "b", "c"]);
    assert_eq!(bench.admit(), [requests[0], requests[1], requests[3], requests[4]]);
    assert_eq!(bench.controller.limited_by(), Some(LimitedBy::Memory));
    bench.end(requests[0]);
    assert_eq!(bench.admit(), [requests[2]]);
}

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
fn a_heavy_request_at_the_head_is_not_overtaken() {
    let mut bench = Bench::with_memory();
    bench.learn("heavy", 2_000);
    bench.learn("light", 50);
    let requests = bench.request(&["light", "heavy", "heavy", "light"]);
    assert_eq!(bench.admit(), requests[..2]);
    bench.end(requests[1]);
    assert_eq!(bench.admit(), requests[2..]);
}

#[test]
fn a_cancelled_request_makes_way() {
    let mut bench = Bench::with_memory();
    bench.learn("heavy", 3_000);
    bench.learn("light", 50);
    let requests = bench.request(&["light", "heavy", "light"]);
    assert_eq!(bench.admit(), [requests[0]]);
    assert!(bench.controller.cancel(requests[1]));
    assert!(!bench.controller.cancel(requests[1]));
    assert_eq!(bench.admit(), [requests[2]]);
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
        assert_eq!(bench.mean("a"), f64::from(learnt.unwrap_or(unknown)), "{ended_at}, {peak:?}, {killed}");
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
fn memory_that_others_take_at_once_stays_in_reserve() {
    let mut bench = Bench::with_memory();
    bench.learn("a", 500);
    bench.request(&["a"; 12]);
    let first = bench.admit();
    assert_eq!(first.len(), 5);
    bench.available = 1_600 * MIB;
    for _ in 0..2 {
        bench.pass(250);
        bench.read(&[]);
    }
    bench.available = 3_000 * MIB;
    for process in first {
        bench.end(process);
    }
    // 3,000 available, 1,400 in reserve.
    assert_eq!(bench.admit().len(), 3);
    assert_eq!(bench.controller.reserve(bench.now).map(f64::round), Some(1_400.0 * 1_048_576.0));
}

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
        assert_eq!(bench.controller.make_room(bench.now), [], "each once");
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

#[test]
fn readings_are_due_while_anything_runs_or_waits() {
    let mut bench = Bench::with_memory();
    let due = |bench: &Bench| bench.controller.next_reading().map(|due| due.saturating_sub(bench.now).as_millis());
    assert_eq!(due(&bench), None);
    bench.pass(10_000);
    let requests = bench.request(&["a"; 3]);
    assert_eq!(due(&bench), Some(0));
    assert_eq!(bench.admit(), requests[..2]);
    assert_eq!(due(&bench), Some(250));
    bench.controller.cancel(requests[2]);
    assert_eq!(due(&bench), Some(5_000));
    bench.controller.set_full(true);
    assert_eq!(due(&bench), Some(250));
    bench.controller.set_full(false);
    bench.end(requests[0]);
    bench.end(requests[1]);
    assert_eq!(due(&bench), None);
}

#[test]
fn the_limit_of_the_processors_counts_what_is_not_idle() {
    let mut bench = Bench::with_cores(1, None);
    let requests = bench.request(&["a"; 4]);
    assert_eq!(bench.admit(), requests[..2]);
    assert_eq!(bench.controller.limited_by(), Some(LimitedBy::Cpu));
    bench.controller.set_idle(requests[0], bench.now);
    assert_eq!(bench.admit(), [requests[2]]);
    assert_eq!(bench.controller.make_room(bench.now), [], "an end would not help");
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
