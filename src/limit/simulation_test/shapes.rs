//! The machines and loads that are simulated. Times are in seconds, memory is in MiB.

/// A machine, what others do on it, and the calls that want to run.
#[derive(Clone, Copy)]
pub struct Shape {
    pub name: &'static str,
    pub memory: f64,
    pub cores: u32,
    /// The memory that others use at a time.
    pub others: fn(f64) -> f64,
    /// The processors that others use at a time.
    pub others_cpu: fn(f64) -> f64,
    /// The factor on the time that a call waits for its upstream.
    pub latency: fn(f64) -> f64,
    /// The mean peak of a server's processes at a time.
    pub peak: fn(usize, f64) -> f64,
    /// The share of each server in the calls.
    pub mix: [f64; 4],
    /// The processor time of a call in seconds.
    pub work: f64,
    /// The time in seconds that a call waits for its upstream.
    pub wait: f64,
    /// The times of jumps by 44% of the machine, after which kills are allowed for the first of them.
    pub jumps: &'static [f64],
}

/// The simulated time in seconds.
pub const SECONDS: f64 = 240.0;

const PEAKS: [f64; 4] = [120.0, 150.0, 90.0, 200.0];

const CALM: Shape = Shape {
    name: "calm",
    memory: 4096.0,
    cores: 4,
    others: |_| 1000.0,
    others_cpu: |_| 0.0,
    latency: |_| 1.0,
    peak: |server, _| PEAKS[server],
    mix: [0.25; 4],
    work: 0.35,
    wait: 1.5,
    jumps: &[],
};

pub const SHAPES: [Shape; 10] = [
    CALM,
    Shape {
        name: "jump of 44%",
        others: |time| if (80.0..160.0).contains(&time) { 2600.0 } else { 800.0 },
        jumps: &[80.0],
        ..CALM
    },
    Shape { name: "the same in 5 s", others: |time| 800.0 + 1800.0 * ((time - 80.0) / 5.0).clamp(0.0, 1.0), ..CALM },
    Shape {
        name: "two jumps",
        others: |time| {
            if (60.0..100.0).contains(&time) || (150.0..200.0).contains(&time) { 2600.0 } else { 800.0 }
        },
        jumps: &[60.0, 150.0],
        ..CALM
    },
    Shape { name: "others grow", others: |time| 600.0 + 2400.0 * (time / 200.0).min(1.0), ..CALM },
    Shape {
        name: "a server of 900 MB",
        peak: |server, _| [120.0, 900.0, 90.0, 150.0][server],
        mix: [0.35, 0.1, 0.35, 0.2],
        ..CALM
    },
    Shape {
        name: "a server grows",
        peak: |server, time| PEAKS[server] * if server == 3 { 1.0 + 3.0 * time / SECONDS } else { 1.0 },
        ..CALM
    },
    Shape {
        name: "noisy processors",
        others_cpu: |time| if time % 30.0 < 15.0 { 0.2 } else { 3.4 },
        work: 0.9,
        wait: 0.6,
        ..CALM
    },
    Shape { name: "slow upstream", latency: |time| if (80.0..150.0).contains(&time) { 10.0 } else { 1.0 }, ..CALM },
    Shape { name: "1 GiB, 1 core", memory: 1024.0, cores: 1, others: |_| 350.0, ..CALM },
];
