//! The script beside the limiter of one process: the same calls start, in the same order.

use procward::fleet::script::{self, Answer, Ask, Command, FleetName, ProcessId, ProcessInfo, ServerLimits, Terms};
use procward::limit::calls::{CallLimiter, Limits, Rate, Ticket};
use procward_simulation::interpreter::Interpreter;
use procward_simulation::random::Random;
use std::collections::BTreeMap;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(100);
const BEGIN: u64 = 1_700_000_000_000_000;

struct Both {
    script: Interpreter,
    name: FleetName,
    process: ProcessId,
    limiter: CallLimiter<u64>,
    ms: u64,
}

impl Both {
    fn new(terms: &Terms) -> Self {
        let servers = terms.servers.iter().map(|each| (&*each.server, each.limits));
        let mut both = Self {
            script: Interpreter::new(script::SOURCE).expect("the script loads"),
            name: FleetName::new("f").expect("a name"),
            process: ProcessId::new("p").expect("an id"),
            limiter: CallLimiter::new(terms.limit, servers),
            ms: 0,
        };
        both.run(&Command::Join { version: None, terms: terms.clone(), info: ProcessInfo::default() });
        both.pass(50_000);
        both.run(&Command::Beat { after: 0 });
        both.pass(50_000);
        both
    }

    fn pass(&mut self, ms: u64) {
        self.ms += ms;
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.ms)
    }

    fn run(&mut self, command: &Command) -> Vec<u64> {
        self.script.redis_mut().micros = BEGIN + self.ms * 1000;
        let value = self.script.run(&self.name.keys(), &command.arguments(&self.process, LEASE)).expect("an answer");
        let answer = Answer::read(command, &value).expect("an answer");
        assert!(answer.is_known);
        answer.grants.iter().map(|grant| grant.id).collect()
    }

    fn started_in_process(&mut self) -> Vec<u64> {
        std::iter::from_fn(|| self.limiter.start_next(Duration::from_millis(self.ms))).collect()
    }
}

#[test]
fn the_same_calls_start_in_the_same_order() {
    for seed in 0..12 {
        let mut random = Random::new(seed);
        let limit = random.small(1, 6);
        let rate = Rate { limit: random.small(1, 3), interval: Duration::from_millis(random.between(1, 60)) };
        let limited = random.small(1, limit);
        let servers = [
            ("limited", Limits { limit: Some(limited), rate: None }),
            ("rated", Limits { limit: None, rate: Some(rate) }),
            ("both", Limits { limit: Some(limited), rate: Some(rate) }),
        ];
        let servers = servers.map(|(server, limits)| ServerLimits { server: server.to_owned(), limits });
        let mut both = Both::new(&Terms { limit, servers: servers.to_vec() });
        let names = ["limited", "rated", "both", "free"];
        let mut waiting: BTreeMap<u64, Ticket> = BTreeMap::new();
        // The calls that hold slots, with the time of the last sending.
        let mut running: BTreeMap<u64, Option<u64>> = BTreeMap::new();
        let mut calls: BTreeMap<u64, (&str, u32)> = BTreeMap::new();
        for id in 1..400 {
            let now = both.now();
            let some = |random: &mut Random, ids: Vec<u64>| ids.get(random.index(ids.len())).copied();
            let mut found = Vec::new();
            match random.below(10) {
                0..=3 => {
                    let server = names[random.index(4)];
                    let most = if server == "limited" || server == "both" { limited } else { limit };
                    let cost = random.small(1, most.min(3));
                    calls.insert(id, (server, cost));
                    let ask = Ask { id, server: server.to_owned(), cost, ticket: None };
                    found = both.run(&Command::Acquire(vec![ask]));
                    let ticket = both.limiter.push(id, server, cost, now, None);
                    waiting.insert(id, ticket);
                }
                4..=6 => {
                    if let Some(id) = some(&mut random, running.keys().copied().collect()) {
                        let (server, cost) = calls[&id];
                        if running.remove(&id) == Some(None) {
                            both.limiter.send(server, now);
                        }
                        both.limiter.release(server, cost, now);
                        found = both.run(&Command::Release(vec![id]));
                    }
                }
                7 => {
                    // Redis tells two sendings of one call in the same microsecond not apart.
                    let ms = both.ms;
                    let ids = running.iter().filter(|(_, sent)| **sent != Some(ms)).map(|(&id, _)| id).collect();
                    if let Some(id) = some(&mut random, ids) {
                        let (server, _) = calls[&id];
                        if running.insert(id, Some(ms)).flatten().is_some() {
                            both.limiter.send_again(server, now);
                        } else {
                            both.limiter.send(server, now);
                        }
                        found = both.run(&Command::Sent(vec![id]));
                    }
                }
                8 => {
                    if let Some(id) = some(&mut random, waiting.keys().copied().collect()) {
                        both.limiter.cancel(waiting.remove(&id).expect("it waits"), now);
                        found = both.run(&Command::Release(vec![id]));
                    }
                }
                _ => {
                    let (server, ms) = (names[random.index(4)], random.between(1, 30));
                    both.limiter.pause(server, now + Duration::from_millis(ms), now);
                    found = both.run(&Command::Pause { server: server.to_owned(), time: Duration::from_millis(ms) });
                }
            }
            for _ in 0..random.below(3) {
                let expected = both.started_in_process();
                assert_eq!(found, expected, "seed {seed}, step {id}");
                for id in expected {
                    waiting.remove(&id);
                    running.insert(id, None);
                }
                both.pass(random.between(1, 12));
                found = both.run(&Command::Tick);
            }
            let expected = both.started_in_process();
            assert_eq!(found, expected, "seed {seed}, step {id}");
            for id in expected {
                waiting.remove(&id);
                running.insert(id, None);
            }
        }
    }
}
