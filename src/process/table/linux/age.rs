//! Ages of processes.
//!
//! The kernel dates starts by a clock that also runs while the machine sleeps. A sleeping process does not count as
//! old, so sleeps are subtracted.

use crate::process::clock::read;
use parking_lot::Mutex;
use rustix::time::ClockId;
use std::collections::VecDeque;
use std::time::Duration;

/// The number of sleeps that are told apart. Above that, the oldest two are merged.
const MOST_SLEEPS: usize = 32;
/// The difference between two clocks that comes from reading one after the other.
const NOISE: Duration = Duration::from_secs(1);

/// One moment on two clocks since boot: one also runs while the machine sleeps, the other stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    boot: Duration,
    awake: Duration,
}

/// The ages of processes at one moment.
#[derive(Debug)]
pub struct Ages {
    now: Moment,
    sleeps: Sleeps,
}

/// The machine's sleeps that this process has noted.
#[derive(Debug, Default, Clone)]
struct Sleeps(VecDeque<Sleep>);

#[derive(Debug, Clone)]
struct Sleep {
    /// The first moment noted after the sleep.
    seen: Moment,
    length: Duration,
}

impl Ages {
    /// Returns the ages as of now. Sleeps are noted from the first call on.
    pub fn now() -> Self {
        static SEEN: Mutex<Sleeps> = Mutex::new(Sleeps(VecDeque::new()));
        let mut seen = SEEN.lock();
        let now = Moment::now();
        seen.note(now);
        Self { now, sleeps: seen.clone() }
    }

    /// Returns the time since `start`, which counts from boot.
    pub fn since(&self, start: Duration) -> Duration {
        self.now.since(start)
    }

    /// Returns the time since `start` in which the machine was awake, at least.
    pub fn awake_since(&self, start: Duration) -> Duration {
        self.sleeps.awake_since(start, self.now)
    }
}

impl Moment {
    /// Neither clock is `/proc/uptime`, which containers replace and systemd's `ProcSubset=pid` hides.
    fn now() -> Self {
        Self { awake: read(ClockId::Monotonic), boot: read(ClockId::Boottime) }
    }

    fn slept(self) -> Duration {
        self.boot.saturating_sub(self.awake)
    }

    fn since(self, start: Duration) -> Duration {
        self.boot.saturating_sub(start)
    }
}

impl Sleeps {
    /// Notes a sleep, if there was one since the last noted moment. All sleeps before the first moment count as one.
    fn note(&mut self, now: Moment) {
        let known = self.0.back().map_or(Duration::ZERO, |last| last.seen.slept());
        let length = now.slept().saturating_sub(known);
        if length < NOISE {
            return;
        }
        self.0.push_back(Sleep { seen: now, length });
        if self.0.len() > MOST_SLEEPS
            && let (Some(first), Some(second)) = (self.0.pop_front(), self.0.front_mut())
        {
            second.length += first.length;
        }
    }

    fn awake_since(&self, start: Duration, now: Moment) -> Duration {
        // The process may have started after this sleep. Then its age comes out too small.
        let Some(first) = self.0.iter().find(|sleep| sleep.seen.boot >= start) else { return now.since(start) };
        first.seen.since(start).saturating_sub(first.length) + now.awake.saturating_sub(first.seen.awake)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    fn at(boot: u64, slept: u64) -> Moment {
        Moment { boot: seconds(boot), awake: seconds(boot - slept) }
    }

    fn sleeps(moments: &[Moment]) -> Sleeps {
        let mut sleeps = Sleeps::default();
        for moment in moments {
            sleeps.note(*moment);
        }
        sleeps
    }

    #[test]
    fn sleeps_do_not_count_towards_an_age() {
        let table: [(&str, &[Moment], u64, u64); 9] = [
            ("never asleep", &[at(100, 0)], 40, 960),
            ("started after what was slept before the first look", &[at(100, 50)], 150, 850),
            ("started before it", &[at(100, 50)], 20, 30 + 900),
            ("may have started after it", &[at(100, 50)], 60, 900),
            ("ten seconds old before an hour's sleep", &[at(100, 0), at(1_000, 700)], 90, 910 - 700),
            ("started in between", &[at(100, 0), at(1_000, 700)], 950, 0),
            ("two sleeps", &[at(100, 0), at(500, 300), at(1_000, 600)], 90, 910 - 600),
            ("after the first of two", &[at(100, 0), at(500, 300), at(1_000, 600)], 600, 400 - 300),
            ("from the future", &[at(100, 0)], 5_000, 0),
        ];
        for (name, moments, start, expected) in table {
            let last = moments.last().expect("there is one").slept().as_secs();
            let age = sleeps(moments).awake_since(seconds(start), at(1_000, last));
            assert_eq!(age.as_secs(), expected, "{name}");
        }
    }

    #[test]
    fn a_sleep_of_the_machine_does_not_age_a_process() {
        let sleeps = sleeps(&[at(1_000, 0), at(30_000, 28_990)]);
        let now = at(30_000, 28_990);
        assert_eq!(now.since(seconds(1_000)).as_secs(), 29_000);
        assert_eq!(sleeps.awake_since(seconds(1_000), now).as_secs(), 10);
    }

    #[test]
    fn many_sleeps_take_bounded_memory_and_never_raise_an_age() {
        let mut sleeps = Sleeps::default();
        for hour in 1..200 {
            sleeps.note(at(hour * 3600, hour * 1800));
        }
        assert_eq!(sleeps.0.len(), MOST_SLEEPS);
        let now = at(200 * 3600, 199 * 1800);
        for start in (0..200 * 3600).step_by(977) {
            let age = sleeps.awake_since(seconds(start), now);
            assert!(age.as_secs() <= 200 * 3600 - start, "{start}");
        }
        assert_eq!(sleeps.awake_since(seconds(1), now).as_secs(), 200 * 3600 - 1 - 199 * 1800);
    }

    #[test]
    fn this_process_is_as_old_as_the_kernel_says() {
        let started = procfs::process::Process::myself().and_then(|own| own.stat()).expect("a plain /proc").starttime;
        let start = Duration::from_millis(started * 1000 / procfs::ticks_per_second());
        let ages = Ages::now();
        let (age, awake) = (ages.since(start), ages.awake_since(start));
        assert!(age < seconds(3600) && awake <= age, "{age:?} {awake:?}");
    }
}
