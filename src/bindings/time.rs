//! Times between JavaScript, which has ms, and the core.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Returns the time since the first look at this clock, for the parts of the core that have none.
pub fn since_start() -> Duration {
    START.elapsed()
}

/// Converts JavaScript's ms; `Infinity` is the longest duration.
pub fn duration(ms: f64) -> Duration {
    timeout(ms).unwrap_or(Duration::MAX)
}

/// Converts JavaScript's ms; `Infinity` is no timeout.
pub fn timeout(ms: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(ms / 1000.0).ok()
}

/// Converts to ms.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Converts to the ms that have passed completely.
pub fn whole_milliseconds(duration: Duration) -> f64 {
    milliseconds(duration).floor()
}
