//! What one waiter costs the queue, however many others wait: an arrival, and each way to leave.

use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use procward::wait_queue::WaitQueue;
use std::hint::black_box;
use std::time::Duration;

const DEPTHS: [u64; 3] = [10, 1_000, 100_000];
const MINUTE: Option<Duration> = Some(Duration::from_secs(60));

fn queue_of(depth: u64) -> WaitQueue<u64> {
    let mut queue = WaitQueue::default();
    for waiter in 0..depth {
        queue.push(waiter, Duration::from_nanos(waiter), MINUTE);
    }
    queue
}

/// In and out at a steady depth, which is what a busy semaphore does.
fn pass_through(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push and pop");
    for depth in DEPTHS {
        let mut queue = queue_of(depth);
        let mut now = Duration::from_nanos(depth);
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter(|| {
                now += Duration::from_nanos(1);
                queue.push(depth, now, MINUTE);
                black_box(queue.pop())
            });
        });
    }
}

/// From the middle, where an array would have to close the gap.
fn cancel(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("push and cancel");
    for depth in DEPTHS {
        let mut queue = queue_of(depth);
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter(|| {
                let ticket = queue.push(depth, Duration::ZERO, MINUTE);
                black_box(queue.cancel(ticket))
            });
        });
    }
}

/// All of them, one after the other.
fn expire(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("expire all");
    for depth in DEPTHS {
        group.throughput(criterion::Throughput::Elements(depth));
        group.sample_size(10);
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter_batched_ref(
                || queue_of(depth),
                |queue| {
                    while let Some(waiter) = queue.expire(Duration::MAX) {
                        black_box(waiter);
                    }
                },
                BatchSize::LargeInput,
            );
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = pass_through, cancel, expire
}
criterion_main!(benches);
