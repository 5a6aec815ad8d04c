mod brake;
mod idle;
mod learning;

use super::*;
use crate::limit::memory::Amount;

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
        std::iter::from_fn(|| self.controller.admit(self.now)).collect()
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
    assert!(bench.admit().is_empty());
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
fn memory_that_others_are_expected_to_take_is_not_available() {
    // 3,000 available, 400 in reserve: five of 500.
    for (others, expected) in
        [(0, 5), (100 * MIB, 5), (101 * MIB, 4), (1_100 * MIB, 3), (2_600 * MIB, 1), (u64::MAX, 1)]
    {
        let mut bench = Bench::with_memory();
        bench.learn("a", 500);
        bench.controller.set_charged_by_others(others);
        let requests = bench.request(&["a"; 6]);
        assert_eq!(bench.admit(), requests[..expected], "{others}");
        assert_eq!(bench.controller.charge(), expected as u64 * 500 * MIB, "{others}");
    }
}

#[test]
fn the_charge_falls_as_the_processes_grow() {
    for (sizes, expected) in [([0, 0], 1_000), ([200, 0], 800), ([500, 100], 400), ([500, 500], 0)] {
        let mut bench = Bench::with_memory();
        bench.learn("a", 500);
        let running = {
            bench.request(&["a"; 2]);
            bench.admit()
        };
        bench.read(&[(running[0], sizes[0]), (running[1], sizes[1])]);
        assert_eq!(bench.controller.charge(), expected * MIB, "{sizes:?}");
    }
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
