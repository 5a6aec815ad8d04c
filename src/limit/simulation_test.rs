//! The controller on simulated machines, beside the best fixed limit: ten shapes, in virtual time.
//!
//! `cargo test -p procward --no-default-features simulation -- --nocapture` prints the figures.

mod machine;
mod policies;
mod random;
mod shapes;

use machine::{Outcome, Policy};
use policies::{Auto, Fixed};
use shapes::{SHAPES, Shape};

/// The least throughput beside the best fixed limit, in each shape and on the mean.
const LEAST: f64 = 0.80;
const LEAST_MEAN: f64 = 1.25;
/// The most kills at the first jump, in one run and on the mean.
const KILLS: usize = 6;
const KILLS_MEAN: f64 = 5.0;
/// The most changes of the limit in one run.
const CHANGES: usize = 48;

#[test]
fn the_controller_is_as_good_as_a_limit_found_by_search() {
    compare("seeds", &[1, 2, 3, 4, 5, 6]);
}

#[test]
fn the_controller_is_as_good_on_other_seeds() {
    compare("unseen seeds", &[101, 102, 103, 104, 105, 106]);
}

/// A shape's figures over all seeds.
struct Figures {
    shape: &'static str,
    best_limit: usize,
    fixed_three: f64,
    ratio: f64,
    killed: Vec<usize>,
    killed_again: usize,
    changes: usize,
    allows_kills: bool,
}

fn compare(title: &str, seeds: &[u64]) {
    let all: Vec<Figures> = std::thread::scope(|scope| {
        let runs: Vec<_> = SHAPES.iter().map(|shape| scope.spawn(|| figures(shape, seeds))).collect();
        runs.into_iter().map(|run| run.join().expect("a run panicked")).collect()
    });
    println!("{}", table(title, &all));
    for of in &all {
        let (most, kill_mean) = if of.allows_kills { (KILLS, KILLS_MEAN) } else { (0, 0.0) };
        assert!(of.ratio >= LEAST, "{}: throughput", of.shape);
        assert!(of.killed.iter().all(|kills| *kills <= most) && mean(&of.killed) <= kill_mean, "{}: kills", of.shape);
        assert_eq!(of.killed_again, 0, "{}: kills when the jump comes again", of.shape);
        assert!(of.changes <= CHANGES, "{}: changes", of.shape);
    }
    assert!(mean_ratio(&all) >= LEAST_MEAN, "mean throughput");
}

fn figures(shape: &Shape, seeds: &[u64]) -> Figures {
    let fixed = |limit| outcomes(shape, seeds, || Box::new(Fixed::new(limit)));
    let (best_limit, best) = best_fixed(&fixed);
    let ours = outcomes(shape, seeds, || Box::new(Auto::new(shape.cores)));
    Figures {
        shape: shape.name,
        best_limit,
        fixed_three: ratio(done(&fixed(3)), best),
        ratio: ratio(done(&ours), best),
        killed: ours.iter().map(|outcome| outcome.killed).collect(),
        killed_again: ours.iter().map(|outcome| outcome.killed_again).max().unwrap_or_default(),
        changes: ours.iter().map(|outcome| outcome.changes).max().unwrap_or_default(),
        allows_kills: !shape.jumps.is_empty(),
    }
}

/// Returns the limit without a kill that got most done, and how much. A higher limit has more kills, so the search ends
/// at the second limit with kills.
fn best_fixed(fixed: &dyn Fn(usize) -> Vec<Outcome>) -> (usize, usize) {
    let mut limits_with_kills = 0;
    (1..=1_000)
        .map(|limit| (limit, fixed(limit)))
        .take_while(|(_, outcomes)| {
            limits_with_kills += usize::from(!is_without_kills(outcomes));
            limits_with_kills < 2
        })
        .filter(|(_, outcomes)| is_without_kills(outcomes))
        .map(|(limit, outcomes)| (limit, done(&outcomes)))
        .max_by_key(|(_, done)| *done)
        .expect("one process at a time is never killed")
}

fn outcomes(shape: &Shape, seeds: &[u64], policy: impl Fn() -> Box<dyn Policy>) -> Vec<Outcome> {
    seeds.iter().map(|seed| machine::run(shape, *seed, &mut *policy())).collect()
}

fn is_without_kills(outcomes: &[Outcome]) -> bool {
    outcomes.iter().all(|outcome| outcome.killed + outcome.killed_again == 0)
}

fn done(outcomes: &[Outcome]) -> usize {
    outcomes.iter().map(|outcome| outcome.done).sum()
}

fn table(title: &str, all: &[Figures]) -> String {
    let head = format!("\n{title:20} best  fixed 3   ours  kills of each run    again  changes\n{}\n", "-".repeat(72));
    let row = |of: &Figures| {
        let (kills, again) = (format!("{:?}", of.killed), of.killed_again);
        let Figures { shape, best_limit, fixed_three, ratio, changes, .. } = of;
        format!("{shape:20} {best_limit:4} {fixed_three:8.2} {ratio:6.2}  {kills:20} {again:5} {changes:8}\n")
    };
    let mean = format!("{:20} {:4} {:8} {:6.2}", "mean", "", "", mean_ratio(all));
    std::iter::once(head).chain(all.iter().map(row)).chain([mean]).collect()
}

fn mean_ratio(all: &[Figures]) -> f64 {
    all.iter().map(|of| of.ratio).sum::<f64>() / number(all.len())
}

fn mean(values: &[usize]) -> f64 {
    number(values.iter().sum()) / number(values.len())
}

fn ratio(part: usize, whole: usize) -> f64 {
    number(part) / number(whole)
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn number(number: usize) -> f64 {
    number as f64
}
