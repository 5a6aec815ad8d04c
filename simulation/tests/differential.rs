//! The model of Redis beside a real one: the same random commands of the script, the same answers, messages and memory.

mod support;

use procward::fleet::script::{Ask, Command, FleetName, ProcessId, ProcessInfo, Reclaim, ServerLimits, Terms, Value};
use procward::limit::calls::{Limits, Rate};
use procward_simulation::random::Random;
use std::time::Duration;
use support::{Model, Real, Server};

const PROCESSES: [&str; 4] = ["a", "b", "c", "d"];
const SERVERS: [&str; 4] = ["free", "limited", "rated", ""];

fn command(random: &mut Random) -> Command {
    let id = |random: &mut Random| random.between(1, 40);
    let server = SERVERS[random.index(4)].to_owned();
    let cost = random.small(1, 3);
    match random.below(20) {
        0 => Command::Join {
            version: random.chance(1, 2).then(|| random.between(1, 1_800_000_000_000_000)),
            terms: terms(random),
            info: ProcessInfo { host: "h".into(), pid: cost, label: server },
        },
        1..=4 => Command::Beat { after: random.below(3) * 10 },
        5 => Command::Pause { server, time: Duration::from_millis(random.between(0, 300)) },
        6 => Command::Sent((0..3).map(|_| id(random)).collect()),
        7 => {
            let fence = random.chance(1, 2).then(|| random.between(1, 1_000_000));
            Command::Reclaim(vec![Reclaim { id: id(random), server, cost, fence }])
        }
        8 => Command::Tick,
        9 if random.chance(1, 6) => Command::Leave,
        9 => Command::List,
        10..=14 => Command::Release((0..random.between(1, 4)).map(|_| id(random)).collect()),
        _ => {
            let ask = |random: &mut Random| Ask {
                id: id(random),
                server: SERVERS[random.index(4)].to_owned(),
                cost,
                ticket: random.chance(1, 5).then(|| random.between(1, 1_700_000_000_000_000)),
            };
            let asks = (0..random.between(1, 3)).map(|_| ask(random)).collect();
            if random.chance(1, 3) {
                let ended = (0..random.between(1, 3)).map(|_| id(random)).collect();
                return Command::Replace { ended, asks };
            }
            Command::Acquire(asks)
        }
    }
}

fn terms(random: &mut Random) -> Terms {
    let mut servers = Vec::new();
    if random.chance(3, 4) {
        servers.push(("limited", Limits { limit: Some(random.small(1, 3)), rate: None }));
    }
    if random.chance(3, 4) {
        let rate = Rate { limit: random.small(1, 3), interval: Duration::from_millis(random.between(1, 400)) };
        servers.push(("rated", Limits { limit: None, rate: Some(rate) }));
    }
    let servers = servers.into_iter().map(|(server, limits)| ServerLimits { server: server.to_owned(), limits });
    Terms { limit: random.small(1, 6), servers: servers.collect() }
}

/// Returns everything that a key has, in an order that both servers share.
fn contents(server: &mut dyn Server, key: &str) -> Vec<Value> {
    let is_hash = ["conf", "limits", "use", "calls", "infos"].iter().any(|each| key.ends_with(&format!(":{each}")));
    let words: [&[u8]; 5] = [b"ZRANGE", key.as_bytes(), b"0", b"99999", b"WITHSCORES"];
    let found = if is_hash { server.command(&[b"HKEYS", key.as_bytes()]) } else { server.command(&words) };
    let Ok(Value::Array(mut found)) = found else { panic!("{key}: {found:?}") };
    if is_hash {
        found.sort_by_key(|field| format!("{field:?}"));
        for field in found.clone() {
            let Value::Bytes(field) = field else { panic!("{field:?}") };
            found.push(server.command(&[b"HGET", key.as_bytes(), &field]).expect("a value"));
        }
    }
    found
}

#[test]
fn the_model_does_what_redis_does() {
    let Some(mut real) = Real::start() else { return };
    let mut model = Model::new();
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let name = FleetName::new(&format!("f{seed}")).expect("a name");
        let mut listening = [false; PROCESSES.len()];
        let mut micros = 1_700_000_000_000_000 + seed * 1_000_000_000;
        for step in 0..200 {
            micros += if random.chance(1, 30) { random.below(900_000) } else { random.below(20_000) };
            let at = random.index(4);
            let process = ProcessId::new(PROCESSES[at]).expect("an id");
            let command = command(&mut random);
            let arguments = command.arguments(&process, Duration::from_millis(500));
            let toggles = random.chance(1, 12);
            let mut outcomes = Vec::new();
            for server in [&mut model as &mut dyn Server, &mut real] {
                server.set_clock(micros);
                if toggles {
                    let channel = name.channel(&process);
                    if listening[at] { server.unsubscribe(&channel) } else { server.subscribe(&channel) }
                }
                let mut answer = server.run(&name.keys(), &arguments);
                if command == Command::List
                    && let Ok(Value::Array(fields)) = &mut answer
                    && let Some(Value::Array(lists)) = fields.last_mut()
                    && let Value::Array(servers) = &mut lists[2]
                {
                    // The list of servers is in no order.
                    servers.sort_by_key(|field| format!("{field:?}"));
                }
                let mut messages = server.messages();
                messages.sort();
                let keys = if step % 10 == 9 { name.keys().to_vec() } else { Vec::new() };
                let memory: Vec<_> = keys.iter().map(|key| (key.clone(), contents(server, key))).collect();
                outcomes.push((answer, messages, memory));
            }
            listening[at] ^= toggles;
            assert_eq!(outcomes[0], outcomes[1], "seed {seed}, step {step}: {command:?}");
            assert!(outcomes[0].0.is_ok(), "{:?}", outcomes[0].0);
        }
    }
}
