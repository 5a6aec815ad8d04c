//! A monotonic clock that also counts the time in which the machine slept.

use std::time::Duration;

/// Returns the time since the machine's boot.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn awake_or_asleep() -> Duration {
    read(rustix::time::ClockId::Boottime)
}

/// Returns the time of one of the kernel's clocks.
#[cfg(any(target_os = "linux", target_os = "android"))]
pub fn read(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Returns the time since the first look at this clock. It may stand still while the machine sleeps.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub fn awake_or_asleep() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}
