//! Runs many seeds: `cargo run -p procward-simulation --release -- --seeds 1000 --steps 10000`.
//!
//! `--first N` begins at another seed, `--large` takes a thousand processes, `--fault NAME` plants a fault, and
//! `--threads N` shares the seeds out.

use procward_simulation::fault::Fault;
use procward_simulation::plan::{Plan, Setting};
use procward_simulation::shrink::shrink;
use procward_simulation::world::{Summary, World};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

struct Arguments {
    seeds: u64,
    first: u64,
    steps: u64,
    threads: u64,
    is_large: bool,
    fault: Option<Fault>,
}

#[derive(Default)]
struct Totals {
    all: Summary,
    runs: u64,
    failed: Vec<u64>,
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(text) => {
            eprintln!("{text}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let (next, totals) = (AtomicU64::new(0), Mutex::new(Totals::default()));
    std::thread::scope(|scope| {
        for _ in 0..arguments.threads {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= arguments.seeds || !one(&arguments, arguments.first + index, &totals) {
                        break;
                    }
                }
            });
        }
    });
    let Ok(Totals { all, runs, failed }) = totals.into_inner() else { return ExitCode::FAILURE };
    println!(
        "{runs} seeds, {} steps, {} runs of the script, {} grants, at most {} slots in use and {} waiters, {} grants beyond \
         the limit by an old replica, {:.0} s",
        all.steps,
        all.scripts,
        all.grants,
        all.most,
        all.most_waiting,
        all.replica_grants,
        began.elapsed().as_secs_f64()
    );
    match (failed.first(), arguments.fault) {
        (None, None) => println!("no promise was broken"),
        (None, Some(_)) => println!("the planted fault was not found"),
        (Some(seed), Some(_)) => println!("the planted fault was found, first by seed {seed}"),
        (Some(seed), None) => println!("promises were broken, first by seed {seed}"),
    }
    if failed.is_empty() == arguments.fault.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs a seed. Returns false if no other one should follow.
fn one(arguments: &Arguments, seed: u64, totals: &Mutex<Totals>) -> bool {
    let setting = if arguments.is_large { Setting::large(seed) } else { Setting::random(seed) };
    let mut steps = Vec::new();
    let outcome = World::run_random(&setting, arguments.steps, arguments.fault, &mut steps);
    let all = |summary: Summary, failed: bool| {
        let Ok(mut totals) = totals.lock() else { return };
        let Totals { all, runs, failed: list } = &mut *totals;
        *runs += 1;
        all.steps += summary.steps;
        all.scripts += summary.scripts;
        all.grants += summary.grants;
        all.replica_grants += summary.replica_grants;
        all.most = all.most.max(summary.most);
        all.most_waiting = all.most_waiting.max(summary.most_waiting);
        list.extend(failed.then_some(seed));
    };
    match outcome {
        Ok(summary) => {
            all(summary, false);
            true
        }
        Err(violation) => {
            all(Summary::default(), true);
            let count = steps.len();
            let (plan, violation) = shrink(Plan { setting, steps }, violation, arguments.fault, 150);
            println!("seed {seed}: {} ({} of {count} steps)", violation.0, plan.steps.len());
            if arguments.fault.is_none() {
                println!("{:?}", plan.setting);
                plan.steps.iter().take(40).for_each(|step| println!("  {step:?}"));
            }
            false
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { seeds: 100, first: 1, steps: 10_000, threads: 2, is_large: false, fault: None };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--large" {
            arguments.is_large = true;
            continue;
        }
        let value = words.next().ok_or_else(|| format!("{word} needs a value"))?;
        if word == "--fault" {
            let found = Fault::ALL.iter().find(|(name, _)| *name == value);
            arguments.fault = Some(found.ok_or_else(|| format!("there is no fault {value}"))?.1);
            continue;
        }
        let number = value.parse().map_err(|_| format!("{word} must be a number, got {value}"))?;
        match &*word {
            "--seeds" => arguments.seeds = number,
            "--first" => arguments.first = number,
            "--steps" => arguments.steps = number,
            "--threads" => arguments.threads = number,
            _ => return Err(format!("there is no option {word}")),
        }
    }
    Ok(arguments)
}
