//! Random sequences of events, beside a plain model of the requests and the processes.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const MIB: u64 = 1024 * 1024;
const TOTAL: u64 = 8_000 * MIB;
const SERVERS: [&str; 5] = ["a", "b", "c", "d", "e"];

#[derive(Debug, Clone)]
enum Event {
    Request { server: usize },
    Cancel { nth: usize },
    Admit,
    Read { available: u64, pressure: f64 },
    Grow { nth: usize, memory: u64 },
    End { nth: usize, was_killed: bool },
    Idle { nth: usize },
    Busy { nth: usize },
    MakeRoom,
    Pass { ms: u64 },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0..SERVERS.len()).prop_map(|server| Event::Request { server }),
        1 => any::<usize>().prop_map(|nth| Event::Cancel { nth }),
        6 => Just(Event::Admit),
        5 => (0..8_000u64, 0.0..100.0).prop_map(|(available, pressure)| Event::Read { available, pressure }),
        4 => (any::<usize>(), 1..900u64).prop_map(|(nth, memory)| Event::Grow { nth, memory }),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(nth, was_killed)| Event::End { nth, was_killed }),
        3 => any::<usize>().prop_map(|nth| Event::Idle { nth }),
        1 => any::<usize>().prop_map(|nth| Event::Busy { nth }),
        2 => Just(Event::MakeRoom),
        4 => (1..1_500u64).prop_map(|ms| Event::Pass { ms }),
    ]
}

/// A running process of the model.
#[derive(Debug, Clone, Copy)]
struct Running {
    server: usize,
    /// The bytes that the process has, and had at the last reading.
    memory: u64,
    read: u64,
    idle_since: Option<Duration>,
    is_ending: bool,
}

/// The controller, and the model beside it.
struct Pair {
    controller: Controller,
    now: Duration,
    waiting: BTreeMap<ProcessId, usize>,
    running: BTreeMap<ProcessId, Running>,
    available: Option<u64>,
}

fn nth<V>(map: &BTreeMap<ProcessId, V>, nth: usize) -> Option<ProcessId> {
    map.keys().nth(nth.checked_rem(map.len())?).copied()
}

impl Pair {
    fn new() -> Self {
        let processor = Some(processor::Rules { cores: 2, max: Some(12) });
        let controller = Controller::new(Rules { memory: Some(memory::Rules::default()), processor });
        let (waiting, running) = (BTreeMap::new(), BTreeMap::new());
        Self { controller, now: Duration::ZERO, waiting, running, available: None }
    }

    fn apply(&mut self, event: &Event) -> Result<(), TestCaseError> {
        match *event {
            Event::Request { server } => {
                let process = self.controller.request(SERVERS[server]);
                prop_assert!(self.waiting.keys().all(|earlier| *earlier < process));
                self.waiting.insert(process, server);
            }
            Event::Cancel { nth: index } => {
                if let Some(process) = nth(&self.waiting, index) {
                    self.waiting.remove(&process);
                    prop_assert!(self.controller.cancel(process));
                }
            }
            Event::Admit => {
                self.admit()?;
            }
            Event::Read { available, pressure } => self.read(available * MIB, pressure),
            Event::Grow { nth: index, memory } => {
                if let Some(process) = nth(&self.running, index) {
                    self.running.entry(process).and_modify(|running| running.memory = memory * MIB);
                }
            }
            Event::End { nth: index, was_killed } => {
                if let Some(process) = nth(&self.running, index) {
                    self.end(process, was_killed);
                }
            }
            Event::Idle { nth: index } => {
                if let Some(process) = nth(&self.running, index) {
                    self.controller.set_idle(process, self.now);
                    let now = self.now;
                    self.running.entry(process).and_modify(|running| {
                        running.idle_since.get_or_insert(now);
                    });
                }
            }
            Event::Busy { nth: index } => {
                if let Some(process) = nth(&self.running, index) {
                    self.controller.set_busy(process);
                    self.running.entry(process).and_modify(|running| {
                        (running.idle_since, running.is_ending) = (None, false);
                    });
                }
            }
            Event::MakeRoom => self.make_room()?,
            Event::Pass { ms } => self.now += Duration::from_millis(ms),
        }
        prop_assert_eq!(self.controller.waiting(), self.waiting.len());
        prop_assert_eq!(self.controller.running(), self.running.len());
        prop_assert_eq!(self.controller.busy(), self.busy());
        prop_assert_eq!(self.controller.next_reading().is_none(), self.waiting.is_empty() && self.running.is_empty());
        Ok(())
    }

    fn read(&mut self, available: u64, pressure: f64) {
        for running in self.running.values_mut() {
            running.read = running.memory;
        }
        self.available = Some(available);
        let trees = self.running.iter().map(|(process, running)| (*process, running.read)).collect();
        let machine = Some(Machine { available, total: TOTAL });
        let pressure = Some(Pressure::Waiting(pressure));
        self.controller.read(&Reading { machine, pressure, trees }, self.now);
    }

    fn end(&mut self, process: ProcessId, was_killed: bool) {
        let Some(ended) = self.running.remove(&process) else { return };
        self.controller.ended(process, Ended { peak: None, out_of_memory: was_killed }, self.now);
        if !was_killed {
            self.available = self.available.map(|available| (available + ended.read).min(TOTAL));
        }
    }

    fn busy(&self) -> usize {
        self.running.values().filter(|running| running.idle_since.is_none()).count()
    }

    /// Admits one request, unless all must wait. It must be the first whose server is below its bound, and fit.
    fn admit(&mut self) -> Result<bool, TestCaseError> {
        let Some(process) = self.controller.admit(self.now) else { return Ok(false) };
        let server = self.waiting.remove(&process).expect("an admitted request has waited");
        for earlier in self.waiting.range(..process).map(|(_, server)| *server) {
            prop_assert!(earlier != server && self.count(earlier) >= 2, "a request was overtaken");
        }
        prop_assert!(self.busy() < self.controller.limit().expect("a brake"));
        let room = self.room(server);
        prop_assert!(self.running.is_empty() || room >= -1.0, "{room}");
        let (memory, read) = (0, 0);
        self.running.insert(process, Running { server, memory, read, idle_since: None, is_ending: false });
        Ok(true)
    }

    fn make_room(&mut self) -> Result<(), TestCaseError> {
        let ended = self.controller.make_room(self.now);
        let mut last = None;
        for process in &ended {
            let running = self.running.get_mut(process).expect("a process that runs");
            prop_assert!(running.idle_since.is_some() && !running.is_ending);
            prop_assert!(last <= running.idle_since);
            (last, running.is_ending) = (running.idle_since, true);
        }
        if let Some(latest) = last {
            let kept = self.running.values().filter(|running| !running.is_ending).filter_map(|kept| kept.idle_since);
            prop_assert!(kept.into_iter().all(|since| since >= latest));
        }
        Ok(())
    }

    fn count(&self, server: usize) -> usize {
        self.running.values().filter(|running| running.server == server).count()
    }

    /// Returns the bytes that stay free when all have grown, by the formula.
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn room(&self, newcomer: usize) -> f64 {
        let learnt = self.controller.learnt();
        let estimate = |server: usize| {
            let found = learnt.iter().find(|learnt| &*learnt.server == SERVERS[server]);
            found.expect("a server with a process or a request").estimate
        };
        let running = self.running.values().map(|running| (running.server, running.read as f64));
        let (mut growth, mut variance) = (0.0, 0.0);
        for (server, used) in running.chain([(newcomer, 0.0)]) {
            let of = estimate(server);
            growth += f64::max(of.mean - used, 0.0);
            variance += of.variance * f64::max(1.0 - used / of.mean, 0.0);
        }
        let reserve = self.controller.reserve(self.now).unwrap_or_default();
        self.available.unwrap_or_default() as f64 - growth - 3.0 * variance.sqrt() - reserve
    }
}

proptest! {
    #[test]
    fn no_more_is_admitted_than_fits_in_the_order_of_arrival(events in proptest::collection::vec(event(), 1..200)) {
        let mut pair = Pair::new();
        for event in &events {
            pair.apply(event)?;
        }
    }

    #[test]
    fn no_request_starves_when_memory_is_free(events in proptest::collection::vec(event(), 1..200)) {
        let mut pair = Pair::new();
        for event in &events {
            pair.apply(event)?;
        }
        // Every process ends, and the machine has memory. Each round admits at least one request.
        let rounds = pair.waiting.len();
        for _ in 0..rounds {
            while let Some(process) = nth(&pair.running, 0) {
                pair.end(process, false);
            }
            pair.now += READ_WHILE_WAITING;
            pair.read(TOTAL, 0.0);
            let waiting = pair.waiting.len();
            while pair.admit()? {}
            prop_assert!(waiting == 0 || pair.waiting.len() < waiting);
            // A request that is not admitted then has a limit as its cause.
            prop_assert_eq!(pair.controller.limited_by().is_some(), !pair.waiting.is_empty());
        }
        prop_assert!(pair.waiting.is_empty());
    }
}
