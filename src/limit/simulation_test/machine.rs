//! A simulated machine: processes that grow while they compute, and a kernel that kills when memory is out.

use super::random::Random;
use super::shapes::{SECONDS, Shape};
use std::collections::VecDeque;
use std::time::Duration;

/// The step of the simulated time.
pub const TICK: Duration = Duration::from_millis(50);
/// The memory of a process that has just started, and from which it grows, in MiB.
const STARTED: f64 = 40.0;
const LOADED: f64 = 55.0;
/// The processor time in which a process grows to its peak, in seconds.
const GROWTH: f64 = 0.6;
/// The number of starts in one step at most.
const STARTS: usize = 8;
/// The number of calls that wait at any time.
pub const WAITING: usize = 16;

/// A call that wants a process.
#[derive(Clone, Copy)]
pub struct Call {
    pub server: usize,
    peak_factor: f64,
    work: f64,
    wait: f64,
}

/// A running process.
pub struct Process {
    pub id: u64,
    pub memory: f64,
    /// The growth so far, from 0 to 1.
    progress: f64,
    peak: f64,
    work: f64,
    wait: f64,
}

/// The machine as a policy sees it.
pub struct View<'a> {
    pub now: Duration,
    pub free: f64,
    pub shape: &'a Shape,
    /// The share in percent of the last 10 s in which a task waited for a processor.
    pub cpu_pressure: f64,
    pub running: &'a [Process],
}

/// The policy under test.
pub trait Policy {
    /// Notes a call that waits. Calls have rising numbers.
    fn queue(&mut self, id: u64, server: usize);
    /// Sees the machine, at every step.
    fn see(&mut self, view: &View<'_>);
    /// Returns the next call to start.
    fn admit(&mut self, view: &View<'_>) -> Option<u64>;
    /// Notes the end of a process.
    fn ended(&mut self, id: u64, was_killed: bool, now: Duration);
    /// Returns how often the limit has changed.
    fn changes(&self) -> usize {
        0
    }
}

/// The result of one run.
#[derive(Clone, Copy, Default)]
pub struct Outcome {
    pub done: usize,
    /// The kills before the second of the shape's jumps.
    pub killed: usize,
    /// The kills from the second jump on.
    pub killed_again: usize,
    pub changes: usize,
}

/// Runs a policy on a machine.
pub fn run(shape: &Shape, seed: u64, policy: &mut dyn Policy) -> Outcome {
    let mut random = Random::new(seed);
    let (mut outcome, mut last_id, mut pressure) = (Outcome::default(), 0, 0.0);
    let mut waiting: VecDeque<(u64, Call)> = VecDeque::new();
    let mut running: Vec<Process> = Vec::new();
    let mut now = Duration::ZERO;
    let step = TICK.as_secs_f64();
    while now.as_secs_f64() < SECONDS {
        let time = now.as_secs_f64();
        let others = (shape.others)(time) * (1.0 + 0.01 * random.normal());
        while others + used(&running) > shape.memory && !running.is_empty() {
            let killed = kill_largest(&mut running);
            policy.ended(killed, true, now);
            let is_again = shape.jumps.get(1).is_some_and(|second| time >= *second);
            *(if is_again { &mut outcome.killed_again } else { &mut outcome.killed }) += 1;
        }

        // Near the end of the memory the kernel reclaims, and everything slows down.
        let stall = ((0.08 - (shape.memory - others - used(&running)) / shape.memory) / 0.06).clamp(0.0, 1.0);
        let cores = (f64::from(shape.cores) - (shape.others_cpu)(time)).max(0.2);
        let computing = count(running.iter().filter(|process| process.work > 0.0).count());
        let excess = (computing - cores).max(0.0);
        let pace = step * (cores / computing.max(cores)) / (1.0 + 0.03 * excess) * (1.0 - 0.7 * stall);
        let waiting_share = if computing > 0.0 { excess / computing } else { 0.0 };
        pressure += (100.0 * waiting_share - pressure) * step / 10.0;
        let upstream = step / (shape.latency)(time);
        running.retain_mut(|process| {
            let is_done = process.advance(pace, upstream);
            if is_done {
                policy.ended(process.id, false, now);
                outcome.done += 1;
            }
            !is_done
        });

        let mut free = shape.memory - others - used(&running);
        policy.see(&View { now, free, shape, cpu_pressure: pressure, running: &running });
        for _ in 0..STARTS {
            while waiting.len() < WAITING {
                last_id += 1;
                let call = Call::draw(shape, &mut random);
                policy.queue(last_id, call.server);
                waiting.push_back((last_id, call));
            }
            let view = View { now, free, shape, cpu_pressure: pressure, running: &running };
            let Some(id) = policy.admit(&view) else { break };
            let index = waiting.iter().position(|(waiting, _)| *waiting == id).expect("an admitted call has waited");
            let (_, call) = waiting.remove(index).expect("the index was found");
            running.push(Process::new(id, &call, (shape.peak)(call.server, time)));
            free -= STARTED;
        }
        now += TICK;
    }
    Outcome { changes: policy.changes(), ..outcome }
}

impl Call {
    fn draw(shape: &Shape, random: &mut Random) -> Self {
        let mut rest = random.uniform();
        let server = shape.mix.iter().position(|share| {
            rest -= share;
            rest < 0.0
        });
        Self {
            server: server.unwrap_or(shape.mix.len() - 1),
            peak_factor: random.factor(0.15),
            work: shape.work * random.factor(0.4),
            wait: shape.wait * random.factor(0.5),
        }
    }
}

impl Process {
    fn new(id: u64, call: &Call, mean_peak: f64) -> Self {
        let peak = mean_peak * call.peak_factor;
        Self { id, memory: STARTED, progress: 0.0, peak, work: call.work, wait: call.wait }
    }

    /// Computes, then waits. Returns whether the call is done.
    fn advance(&mut self, pace: f64, upstream: f64) -> bool {
        if self.work > 0.0 {
            self.work -= pace;
        } else {
            self.wait -= upstream;
        }
        self.progress = (self.progress + pace / GROWTH).min(1.0);
        self.memory = LOADED + (self.peak - LOADED) * self.progress;
        self.work <= 0.0 && self.wait <= 0.0
    }
}

fn used(running: &[Process]) -> f64 {
    running.iter().map(|process| process.memory).sum()
}

fn kill_largest(running: &mut Vec<Process>) -> u64 {
    let largest = running.iter().enumerate().max_by(|(_, one), (_, other)| one.memory.total_cmp(&other.memory));
    let index = largest.map(|(index, _)| index).unwrap_or_default();
    running.swap_remove(index).id
}

#[expect(clippy::cast_precision_loss, reason = "a few dozen processes")]
fn count(count: usize) -> f64 {
    count as f64
}
