//! A run as data: the fleet, and what happens to it. A plan can be shortened and run again.

use crate::random::Random;
use procward::fleet::client::{OnUnreachable, Options};
use procward::fleet::script::{ProcessInfo, ServerLimits, Terms};
use procward::limit::calls::{Limits, Rate};
use std::time::Duration;

/// A fleet and the things that happen to it.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The fleet.
    pub setting: Setting,
    /// The things that happen, in order.
    pub steps: Vec<Step>,
}

/// A fleet.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The seed of everything that depends on chance.
    pub seed: u64,
    /// The number of processes at one time.
    pub processes: usize,
    /// The options of each process.
    pub options: Options,
    /// True if a call may take longer than a lease.
    pub has_long_calls: bool,
    /// True if processes may be stopped.
    pub has_stops: bool,
    /// True if Redis may lose what it had.
    pub has_losses: bool,
}

/// One thing that happens.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The microseconds since the step before.
    pub after: u64,
    /// The thing.
    pub action: Action,
}

/// A thing that happens. A process is a place in the fleet: a killed one is replaced.
#[allow(missing_docs, reason = "the fields are in the words of their variants")]
#[derive(Debug, Clone, Copy)]
pub enum Action {
    /// A call begins to wait. It holds its slots for this time, in microseconds.
    Call { process: usize, server: usize, cost: u32, hold: u64 },
    /// The earliest waiter of a process is taken back.
    Cancel { process: usize },
    /// A server says `Retry-After`.
    Pause { process: usize, server: usize, ms: u64 },
    /// A process changes the limit.
    Resize { process: usize, limit: u32 },
    /// SIGKILL. Another process starts in its place.
    Kill { process: usize },
    /// SIGSTOP, and SIGCONT after this time.
    Stop { process: usize, ms: u64 },
    /// The connection breaks, and no other can be made for this time.
    Cut { process: usize, ms: u64 },
    /// Nothing passes the connection in either way for this time.
    Hang { process: usize, ms: u64 },
    /// The next notices to a process are lost for this time.
    Deafen { process: usize, ms: u64 },
    /// Redis ends, and is back after this time.
    Restart { memory: Kept, ms: u64 },
    /// `FLUSHALL`.
    Flush,
}

/// The memory of Redis after a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// All of it.
    All,
    /// None of it.
    None,
    /// That of a replica that is a little behind.
    Old,
}

impl Setting {
    /// Makes a small fleet.
    pub fn random(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let limit = random.small(1, 5);
        let rate = Rate { limit: random.small(1, 4), interval: Duration::from_millis(random.between(50, 900)) };
        let limits = [
            Limits::default(),
            Limits { limit: Some(random.small(1, limit)), rate: None },
            Limits { limit: None, rate: Some(rate) },
        ];
        let servers = ["free", "limited", "rated"].into_iter().zip(limits);
        let servers = servers.map(|(server, limits)| ServerLimits { server: server.to_owned(), limits }).collect();
        let options = Options {
            terms: Terms { limit, servers },
            lease: Duration::from_millis(random.between(4000, 9000)),
            kill_grace: Duration::from_millis(random.between(0, 400)),
            on_unreachable: if random.chance(3, 4) { OnUnreachable::Refuse } else { OnUnreachable::Local },
            info: ProcessInfo::default(),
        };
        Self {
            seed,
            processes: 2 + random.index(6),
            options,
            has_long_calls: random.chance(1, 4),
            has_stops: random.chance(1, 2),
            has_losses: random.chance(3, 4),
        }
    }

    /// Makes a fleet of a thousand processes.
    pub fn large(seed: u64) -> Self {
        let mut setting = Self::random(seed);
        setting.processes = 1000;
        setting.options.terms.limit *= 40;
        for server in &mut setting.options.terms.servers {
            server.limits.limit = server.limits.limit.map(|limit| limit * 40);
            server.limits.rate = server.limits.rate.map(|rate| Rate { limit: rate.limit * 40, ..rate });
        }
        setting
    }

    /// Returns the next thing that happens.
    pub fn next_step(&self, random: &mut Random) -> Step {
        let is_large = self.processes > 100;
        let busy = if is_large { 400 } else { 60_000 };
        let is_quiet = !is_large && random.chance(1, 300);
        let after = if is_quiet { random.between(0, 20_000_000) } else { random.between(0, busy) };
        Step { after, action: self.next_action(random) }
    }

    fn next_action(&self, random: &mut Random) -> Action {
        let process = random.index(self.processes);
        let server = random.index(self.options.terms.servers.len());
        let lease = u64::try_from(self.options.lease.as_millis()).unwrap_or(u64::MAX);
        let limit = self.options.terms.limit;
        // A large fleet has as many faults a second as a small one, and many more calls.
        let is_call = self.processes > 100 && !random.chance(1, 100);
        match if is_call { random.between(73, 999) } else { random.below(1000) } {
            0..=9 => Action::Kill { process },
            10..=15 if self.has_stops => {
                let ms =
                    if random.chance(1, 2) { random.between(1, lease / 2) } else { random.between(lease, 3 * lease) };
                Action::Stop { process, ms }
            }
            16..=29 => Action::Cut { process, ms: random.between(0, 5000) },
            30..=35 => Action::Hang { process, ms: random.between(1, 2 * lease) },
            36..=45 => Action::Deafen { process, ms: random.between(1, lease) },
            46..=47 => Action::Restart { memory: Kept::All, ms: random.between(10, 4000) },
            48..=49 if self.has_losses => Action::Restart { memory: Kept::None, ms: random.between(10, 4000) },
            50 if self.has_losses => Action::Restart { memory: Kept::Old, ms: random.between(10, 4000) },
            51 if self.has_losses => Action::Flush,
            52..=70 => Action::Pause { process, server, ms: random.between(1, 1500) },
            71..=72 => Action::Resize { process, limit: random.small(1, limit) },
            73..=120 => Action::Cancel { process },
            _ => {
                let most = self.options.terms.servers[server].limits.limit.unwrap_or(limit);
                let cost = if random.chance(1, 5) { random.small(1, most.min(4)) } else { 1 };
                let is_long = self.has_long_calls && random.chance(1, 30);
                let hold = if is_long { random.between(0, 2 * lease) } else { random.between(0, 150) };
                Action::Call { process, server, cost, hold: hold * 1000 }
            }
        }
    }
}
