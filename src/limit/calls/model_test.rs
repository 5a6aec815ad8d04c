//! Random sequences of operations, compared with a plain model.

use super::{CallLimiter, Limits, Rate};
use proptest::prelude::*;
use std::time::Duration;

const SERVERS: [&str; 5] = ["free", "two", "rated", "both", "unknown"];
const INTERVAL: u64 = 100;

fn limits(server: &str) -> Option<Limits> {
    let rate = |limit| Some(Rate { limit, interval: Duration::from_millis(INTERVAL) });
    match server {
        "free" => Some(Limits::default()),
        "two" => Some(Limits { limit: Some(2), rate: None }),
        "rated" => Some(Limits { limit: None, rate: rate(3) }),
        "both" => Some(Limits { limit: Some(3), rate: rate(5) }),
        _ => None,
    }
}

#[derive(Debug, Clone)]
enum Operation {
    Call {
        server: usize,
        cost: u32,
        timeout: Option<u64>,
    },
    Release {
        nth: usize,
    },
    Send {
        nth: usize,
    },
    Cancel {
        nth: usize,
    },
    Pass {
        ms: u64,
    },
    Pause {
        server: usize,
        ms: u64,
    },
    /// A call's server cannot start for a while, and the call gives its slots back.
    GiveBack {
        nth: usize,
        ms: u64,
    },
    Resize {
        limit: u32,
    },
}

fn operation() -> impl Strategy<Value = Operation> {
    let server = || 0..SERVERS.len();
    prop_oneof![
        10 => (server(), 1..3u32, proptest::option::of(1..300u64))
            .prop_map(|(server, cost, timeout)| Operation::Call { server, cost, timeout }),
        14 => any::<usize>().prop_map(|nth| Operation::Release { nth }),
        8 => any::<usize>().prop_map(|nth| Operation::Send { nth }),
        2 => any::<usize>().prop_map(|nth| Operation::Cancel { nth }),
        4 => (1..60u64).prop_map(|ms| Operation::Pass { ms }),
        1 => (server(), 1..80u64).prop_map(|(server, ms)| Operation::Pause { server, ms }),
        2 => (any::<usize>(), 0..80u64).prop_map(|(nth, ms)| Operation::GiveBack { nth, ms }),
        1 => (1..7u32).prop_map(|limit| Operation::Resize { limit }),
    ]
}

/// A call of the model: its ticket stands for the waiter.
#[derive(Debug, Clone, Copy)]
struct Call {
    number: u64,
    server: usize,
    cost: u32,
    deadline: Option<u64>,
    is_sent: bool,
}

#[derive(Debug, Default)]
struct Model {
    now: u64,
    limit: u32,
    waiting: Vec<Call>,
    running: Vec<Call>,
    /// The server and time of each call that was sent.
    sent: Vec<(usize, u64)>,
    paused: [u64; SERVERS.len()],
    starts_at: [u64; SERVERS.len()],
}

impl Model {
    fn in_use(&self) -> u32 {
        self.running.iter().map(|call| call.cost).sum()
    }

    fn server_allows(&self, call: &Call) -> bool {
        let running = || self.running.iter().filter(|other| other.server == call.server);
        let Limits { limit, rate } = limits(SERVERS[call.server]).unwrap_or_default();
        let unsent = running().filter(|other| !other.is_sent).count();
        let counts = self.sent.iter().rev().take_while(|(_, at)| at + INTERVAL >= self.now);
        let recent = counts.filter(|(server, _)| *server == call.server).count();
        self.paused[call.server].max(self.starts_at[call.server]) <= self.now
            && limit.is_none_or(|limit| running().map(|other| other.cost).sum::<u32>() + call.cost <= limit)
            && rate.is_none_or(|rate| unsent + recent < rate.limit as usize)
    }

    fn start_next(&mut self) -> Option<u64> {
        let first_of = |server| self.waiting.iter().position(|call| call.server == server);
        let mut heads: Vec<_> = (0..SERVERS.len()).filter_map(first_of).collect();
        heads.sort_unstable();
        let at = heads.into_iter().find(|&at| self.server_allows(&self.waiting[at]))?;
        let fits = self.running.is_empty() || self.in_use() + self.waiting[at].cost <= self.limit;
        fits.then(|| {
            let call = self.waiting.remove(at);
            self.running.push(call);
            call.number
        })
    }

    /// Adds a waiter at its place in the order.
    fn wait(&mut self, call: Call) {
        let at = self.waiting.partition_point(|other| other.number < call.number);
        self.waiting.insert(at, call);
    }

    fn expire(&mut self) -> Option<u64> {
        let due = |call: &&Call| call.deadline.is_some_and(|deadline| deadline <= self.now);
        let (_, number) = self.waiting.iter().filter(due).map(|call| (call.deadline, call.number)).min()?;
        self.waiting.retain(|call| call.number != number);
        Some(number)
    }
}

/// The limiter beside the model.
struct Pair {
    limiter: CallLimiter<u64>,
    model: Model,
}

impl Pair {
    fn new() -> Self {
        let configured = SERVERS.into_iter().filter_map(|name| Some((name, limits(name)?)));
        Self { limiter: CallLimiter::new(4, configured), model: Model { limit: 4, ..Model::default() } }
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.model.now)
    }

    fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Call { server, cost, timeout } => self.call(server, cost, timeout),
            Operation::Release { nth } if !self.model.running.is_empty() => self.release(nth),
            Operation::GiveBack { nth, ms } if !self.model.running.is_empty() => self.give_back(nth, ms),
            Operation::Send { nth } => self.send(nth),
            Operation::Cancel { nth } => {
                // The ticket is of any waiter so far, so that most have left.
                let ticket = nth as u64 % (self.limiter.last_ticket() + 1);
                let at = self.model.waiting.iter().position(|call| call.number == ticket);
                let cancelled = at.map(|at| self.model.waiting.remove(at).number);
                assert_eq!(self.limiter.cancel(ticket, self.now()), cancelled);
            }
            Operation::Pass { ms } => self.model.now += ms,
            Operation::Pause { server, ms } => {
                let until = self.model.now + ms;
                self.model.paused[server] = self.model.paused[server].max(until);
                self.limiter.pause(SERVERS[server], Duration::from_millis(until), self.now());
            }
            Operation::Resize { limit } => {
                self.model.limit = limit;
                self.limiter.resize(limit);
            }
            Operation::Release { .. } | Operation::GiveBack { .. } => {}
        }
    }

    /// Calls as the bindings do: at once if possible, else as a waiter.
    fn call(&mut self, server: usize, cost: u32, timeout: Option<u64>) {
        let deadline = timeout.map(|timeout| self.model.now + timeout);
        let number = self.limiter.last_ticket() + 1;
        let call = Call { number, server, cost, deadline, is_sent: false };
        let now = self.now();
        self.model.waiting.push(call);
        if let Some(ticket) = self.limiter.try_start(SERVERS[server], cost, now) {
            assert_eq!(ticket, number);
            assert_eq!(self.model.start_next(), Some(number), "the limiter let a call start too early");
        } else {
            let timeout = timeout.map(Duration::from_millis);
            assert_eq!(self.limiter.push(number, SERVERS[server], cost, now, timeout), number);
            assert_ne!(self.model.start_next(), Some(number), "the limiter made a call wait without need");
        }
    }

    fn release(&mut self, nth: usize) {
        let call = self.model.running.swap_remove(nth % self.model.running.len());
        let (now, name) = (self.now(), SERVERS[call.server]);
        if !call.is_sent {
            self.model.sent.push((call.server, self.model.now));
            self.limiter.send(name, now);
        }
        self.limiter.release(name, call.cost, now);
    }

    fn give_back(&mut self, nth: usize, ms: u64) {
        // Some leave before their server opens, and some after that.
        let timeout = (!nth.is_multiple_of(3)).then_some(40 * (nth % 3) as u64);
        let call = self.model.running.swap_remove(nth % self.model.running.len());
        let (now, time, name) = (self.now(), self.model.now, SERVERS[call.server]);
        self.model.starts_at[call.server] = time + ms;
        self.limiter.hold_starts(name, Duration::from_millis(time + ms), now);
        if call.is_sent {
            self.limiter.release(name, call.cost, now);
        } else {
            self.limiter.give_back(name, call.cost, now);
        }
        self.model.wait(Call { is_sent: false, deadline: timeout.map(|timeout| time + timeout), ..call });
        let timeout = timeout.map(Duration::from_millis);
        self.limiter.push_at(call.number, call.number, name, call.cost, now, timeout);
    }

    fn send(&mut self, nth: usize) {
        let (now, time) = (self.now(), self.model.now);
        let mut unsent: Vec<_> = self.model.running.iter_mut().filter(|call| !call.is_sent).collect();
        if unsent.is_empty() {
            return;
        }
        let at = nth % unsent.len();
        unsent[at].is_sent = true;
        let server = unsent[at].server;
        self.model.sent.push((server, time));
        self.limiter.send(SERVERS[server], now);
    }

    /// Lets time have its effect, and compares all that shows.
    fn settle(&mut self) {
        let now = self.now();
        while let Some(number) = self.model.expire() {
            assert_eq!(self.limiter.expire(now).map(|(waiter, _)| waiter), Some(number));
        }
        assert!(self.limiter.expire(now).is_none());
        loop {
            let next = self.model.start_next();
            assert_eq!(self.limiter.start_next(now), next);
            if next.is_none() {
                break;
            }
        }
        let Model { waiting, running, .. } = &self.model;
        assert_eq!(self.limiter.queued(), waiting.len());
        let is_held = |server: usize| self.model.starts_at[server] > self.model.now;
        let held = waiting.iter().filter(|call| is_held(call.server)).count();
        let free = self.model.limit.saturating_sub(self.model.in_use()) as usize;
        for (server, name) in SERVERS.iter().enumerate() {
            let counted = waiting.len() + 1 - (held + usize::from(is_held(server))).min(free);
            assert_eq!(self.limiter.queued_with(name, now), counted);
        }
        assert_eq!(self.limiter.in_use(), self.model.in_use());
        for server in self.limiter.servers(now) {
            let of = |call: &&Call| SERVERS[call.server] == server.name;
            assert_eq!(server.queued, waiting.iter().filter(of).count());
            assert_eq!(server.in_use, running.iter().filter(of).map(|call| call.cost).sum::<u32>());
        }
        assert!(self.limiter.next_time().is_none_or(|time| time > now), "a time that has come is handled");
    }
}

/// Checks that no interval has more calls than the rate.
fn assert_rates(sent: &[(usize, u64)]) {
    for (server, name) in SERVERS.iter().enumerate() {
        let Some(rate) = limits(name).and_then(|limits| limits.rate) else { continue };
        let times: Vec<_> = sent.iter().filter(|(of, _)| *of == server).map(|&(_, time)| time).collect();
        for together in times.windows(rate.limit as usize + 1) {
            assert!(together[rate.limit as usize] - together[0] > INTERVAL, "{name}: too many calls in {together:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn the_limiter_behaves_like_the_model(operations in proptest::collection::vec(operation(), 10_000)) {
        let mut pair = Pair::new();
        for operation in &operations {
            pair.apply(operation);
            pair.settle();
        }
        assert_rates(&pair.model.sent);
    }
}
