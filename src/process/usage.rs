//! The memory and processor time of a process and its descendants.

use super::host::{Proc, host};
use std::time::Duration;

/// The memory and the processor time of a process tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The resident memory, in bytes.
    pub memory: u64,
    /// The processor time so far.
    pub cpu_time: Duration,
}

/// Returns the resident bytes of the process and, on Linux, of all descendants. `None` if the process has exited or is
/// hidden.
///
/// Cheap enough for a status on request, because no list of processes is read.
pub fn resident(pid: u32) -> Option<u64> {
    (host().proc == Proc::Own).then(|| platform::resident(pid))?
}

/// Returns resident bytes and processor time, including exited descendants. A process that exits during the reading may
/// be missing.
pub fn usage(pid: u32) -> Option<Usage> {
    (host().proc == Proc::Own).then(|| platform::usage(pid))?
}

#[cfg(target_os = "linux")]
pub(super) use platform::visit;

#[cfg(target_os = "linux")]
mod platform {
    use super::Usage;
    use crate::process::proc_files::open;
    use procfs::process::Process;
    use std::time::Duration;

    pub fn resident(pid: u32) -> Option<u64> {
        let mut total = 0;
        visit(pid, |process| {
            total += memory(process)?;
            Some(())
        })?;
        Some(total)
    }

    pub fn usage(pid: u32) -> Option<Usage> {
        let mut total = Usage::default();
        visit(pid, |process| {
            total.memory += memory(process)?;
            total.cpu_time += cpu_time(process)?;
            Some(())
        })?;
        Some(total)
    }

    fn memory(process: &Process) -> Option<u64> {
        process.statm().ok().map(|statm| statm.resident * procfs::page_size())
    }

    fn cpu_time(process: &Process) -> Option<Duration> {
        let stat = process.stat().ok()?;
        let waited_for = stat.cutime.unsigned_abs() + stat.cstime.unsigned_abs();
        let ticks = Duration::from_secs(stat.utime + stat.stime + waited_for);
        Some(ticks / u32::try_from(procfs::ticks_per_second()).ok()?)
    }

    /// Visits the process and its descendants, parents before children. A child that exits meanwhile is then not
    /// counted twice. `None` if the first cannot be read.
    pub fn visit(pid: u32, mut each: impl FnMut(&Process) -> Option<()>) -> Option<()> {
        each(&open(pid).ok()?)?;
        let mut parents = vec![pid];
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                let _gone = open(child).ok().and_then(|process| each(&process));
                parents.push(child);
            }
        }
        Some(())
    }

    /// Returns the children, or none on a kernel without lists of children.
    fn children(pid: u32) -> Vec<u32> {
        let Ok(tasks) = open(pid).and_then(|process| process.tasks().map_err(std::io::Error::other)) else {
            return Vec::new();
        };
        tasks.flatten().filter_map(|task| task.children().ok()).flatten().collect()
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Usage;
    use std::time::Duration;
    use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

    pub fn resident(pid: u32) -> Option<u64> {
        look(pid, ProcessRefreshKind::nothing().with_memory(), Process::memory)
    }

    pub fn usage(pid: u32) -> Option<Usage> {
        look(pid, ProcessRefreshKind::nothing().with_memory().with_cpu(), |process| Usage {
            memory: process.memory(),
            cpu_time: Duration::from_millis(process.accumulated_cpu_time()),
        })
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
    use std::time::Duration;

    fn cpu_time() -> Duration {
        usage(std::process::id()).expect("this process is there").cpu_time
    }

    #[test]
    fn usage_is_read_of_this_process_and_not_of_a_missing_one() {
        let own = resident(std::process::id()).expect("this process is there");
        assert!((1 << 20..1 << 36).contains(&own), "{own}");
        let Usage { memory, .. } = usage(std::process::id()).expect("this process is there");
        assert!((1 << 20..1 << 36).contains(&memory), "{memory}");
        assert_eq!((resident(u32::MAX), usage(u32::MAX)), (None, None));
    }

    #[test]
    fn burnt_processor_time_is_counted() {
        let enough = cpu_time() + Duration::from_millis(50);
        while cpu_time() < enough {}
    }
}
