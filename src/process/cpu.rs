//! The load of the processors.

/// The load of the processors, in percent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CpuLoad {
    /// The share of the last ten seconds in which a thread waited for a processor.
    Pressure(f64),
    /// The share of the processors' time that was used since the last look, where the system does not tell the pressure.
    Busy(f64),
}

/// Reads the load again and again.
#[derive(Debug, Default)]
pub struct CpuMeter(platform::Meter);

impl CpuMeter {
    /// Reads the load. `None` at a first look without pressure, and where the system does not tell.
    pub fn read(&mut self) -> Option<CpuLoad> {
        self.0.read()
    }
}

/// Returns the number of processors that this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

#[cfg(target_os = "linux")]
mod platform {
    use super::CpuLoad;
    use crate::process::available::own_group;
    use std::fs::read_to_string;

    /// The time of all processors since the boot, in ticks.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ticks {
        busy: u64,
        total: u64,
    }

    #[derive(Debug, Default)]
    pub struct Meter {
        last: Option<Ticks>,
    }

    impl Meter {
        pub fn read(&mut self) -> Option<CpuLoad> {
            if let Some(percent) = pressure() {
                return Some(CpuLoad::Pressure(percent));
            }
            let now = ticks(&read_to_string("/proc/stat").ok()?)?;
            let before = self.last.replace(now)?;
            busy(before, now).map(CpuLoad::Busy)
        }
    }

    /// Reads the pressure on this process's own group, which counts the group's own limit too, or else on the machine.
    fn pressure() -> Option<f64> {
        let of_group = own_group().and_then(|folder| read_to_string(folder.join("cpu.pressure")).ok());
        let in_group = of_group.as_deref().and_then(some_avg10);
        in_group.or_else(|| some_avg10(&read_to_string("/proc/pressure/cpu").ok()?))
    }

    fn some_avg10(text: &str) -> Option<f64> {
        let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
        let percent = line.split(' ').find_map(|field| field.strip_prefix("avg10="))?.parse::<f64>().ok()?;
        percent.is_finite().then_some(percent)
    }

    /// Reads a `stat` file. The guests' time is part of the user's, and a wait for a disk is no work.
    fn ticks(text: &str) -> Option<Ticks> {
        let line = text.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let fields: Vec<u64> = line.split_ascii_whitespace().take(8).map_while(|field| field.parse().ok()).collect();
        let idle = fields.get(3)? + fields.get(4).copied().unwrap_or_default();
        let total = fields.iter().sum::<u64>();
        Some(Ticks { busy: total - idle, total })
    }

    #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
    fn busy(before: Ticks, now: Ticks) -> Option<f64> {
        // The kernel's count of idle time may go back a little.
        let total = now.total.checked_sub(before.total).filter(|total| *total > 0)?;
        Some(100.0 * now.busy.saturating_sub(before.busy).min(total) as f64 / total as f64)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_pressure_is_the_share_in_which_some_thread_waited() {
            for (text, expected) in [
                ("some avg10=99.15 avg60=97.86 avg300=63.72 total=17046635566\nfull avg10=0.00 total=0\n", Some(99.15)),
                ("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", Some(0.0)),
                ("full avg10=5.00 avg60=0.00 avg300=0.00 total=0\n", None),
                ("some avg60=5.00\n", None),
                ("some avg10=NaN avg60=1\n", None),
                ("some avg10=much\n", None),
                ("", None),
            ] {
                assert_eq!(some_avg10(text), expected, "{text:?}");
            }
        }

        #[test]
        fn the_busy_share_is_what_is_neither_idle_nor_a_wait_for_a_disk() {
            let at = |text: &str| ticks(text).map(|Ticks { busy, total }| (busy, total));
            assert_eq!(at("cpu  10 1 5 80 4 0 1 2 7 3\ncpu0 10 1 5 80 4 0 1 2 7 3\n"), Some((19, 103)));
            // Linux 2.4.
            assert_eq!(at("cpu  10 1 5 80\n"), Some((16, 96)));
            assert_eq!((at("cpu  10 1\n"), at("cpu0 1 2 3 4\n"), at("")), (None, None, None));
            let share = |before: (u64, u64), now: (u64, u64)| {
                let ticks = |(busy, total)| Ticks { busy, total };
                busy(ticks(before), ticks(now))
            };
            for (before, now, expected) in [
                ((10, 100), (60, 200), Some(50.0)),
                ((10, 100), (110, 200), Some(100.0)),
                ((10, 100), (9, 200), Some(0.0)),
                ((10, 100), (10, 100), None),
                ((10, 100), (10, 99), None),
            ] {
                assert_eq!(share(before, now), expected, "{before:?} {now:?}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::CpuLoad;
    use sysinfo::System;

    #[derive(Debug, Default)]
    pub struct Meter {
        /// The system after the first look.
        system: Option<System>,
    }

    impl Meter {
        pub fn read(&mut self) -> Option<CpuLoad> {
            let is_first = self.system.is_none();
            let system = match &mut self.system {
                Some(system) => system,
                none => none.insert(System::new().ok()?),
            };
            system.refresh_cpu_usage();
            let percent = f64::from(system.global_cpu_usage());
            (!is_first && percent.is_finite()).then_some(CpuLoad::Busy(percent))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_of_this_machine_is_read() {
        let mut meter = CpuMeter::default();
        let begin = std::time::Instant::now();
        let load = loop {
            if let Some(load) = meter.read() {
                break load;
            }
            assert!(begin.elapsed().as_secs() < 30, "the system tells no load");
        };
        let (CpuLoad::Pressure(percent) | CpuLoad::Busy(percent)) = load;
        assert!((0.0..=100.0).contains(&percent), "{load:?}");
        assert!(cores() >= 1);
    }
}
