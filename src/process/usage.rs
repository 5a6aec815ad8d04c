//! What a process and its descendants use.

use std::time::Duration;

/// Resident bytes of the process and, on Linux, of all below it; `None` when it has gone.
///
/// Cheap enough for a status that somebody asks for; nothing is listed to find descendants.
pub fn resident(pid: u32) -> Option<u64> {
    platform::resident(pid)
}

/// The processor time of the process and, on Linux, of all below it, also of those that have ended; `None` when it has gone.
///
/// Who ends while this is read may be left out.
pub fn cpu_time(pid: u32) -> Option<Duration> {
    platform::cpu_time(pid)
}

#[cfg(target_os = "linux")]
mod platform {
    use crate::process::table::linux::open;
    use procfs::process::Process;
    use std::ops::AddAssign;
    use std::time::Duration;

    pub fn resident(pid: u32) -> Option<u64> {
        sum(pid, |process| process.statm().ok().map(|statm| statm.resident * procfs::page_size()))
    }

    pub fn cpu_time(pid: u32) -> Option<Duration> {
        sum(pid, |process| {
            let stat = process.stat().ok()?;
            let waited_for = stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs();
            let ticks = Duration::from_secs(stat.utime + stat.stime + waited_for);
            Some(ticks / u32::try_from(procfs::ticks_per_second()).ok()?)
        })
    }

    /// Parents before their children: a child that ends in between is not counted twice, as itself and by its parent.
    fn sum<T: AddAssign>(pid: u32, own: impl Fn(&Process) -> Option<T>) -> Option<T> {
        let mut total = own(&open(pid).ok()?)?;
        let mut parents = vec![pid];
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                if let Some(more) = open(child).ok().and_then(|process| own(&process)) {
                    total += more;
                }
                parents.push(child);
            }
        }
        Some(total)
    }

    /// None on a kernel without these lists.
    fn children(pid: u32) -> Vec<u32> {
        let Ok(tasks) = open(pid).and_then(|process| process.tasks().map_err(std::io::Error::other)) else {
            return Vec::new();
        };
        tasks.flatten().filter_map(|task| task.children().ok()).flatten().collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;
    use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

    pub fn resident(pid: u32) -> Option<u64> {
        look(pid, ProcessRefreshKind::nothing().with_memory(), Process::memory)
    }

    pub fn cpu_time(pid: u32) -> Option<Duration> {
        let milliseconds = look(pid, ProcessRefreshKind::nothing().with_cpu(), Process::accumulated_cpu_time);
        milliseconds.map(Duration::from_millis)
    }

    fn look<T>(pid: u32, kind: ProcessRefreshKind, take: impl Fn(&Process) -> T) -> Option<T> {
        let pid = Pid::from_u32(pid);
        let mut system = System::new().ok()?;
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        system.process(pid).map(take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_something_and_a_missing_one_is_not_there() {
        let own = resident(std::process::id()).expect("this process is there");
        assert!((1 << 20..1 << 36).contains(&own), "{own}");
        assert!(cpu_time(std::process::id()).is_some());
        assert_eq!((resident(u32::MAX), cpu_time(u32::MAX)), (None, None));
    }

    #[test]
    fn time_that_was_burnt_is_seen() {
        let before = cpu_time(std::process::id()).expect("this process is there");
        let enough = before + Duration::from_millis(50);
        while cpu_time(std::process::id()).expect("it still is") < enough {}
    }
}
