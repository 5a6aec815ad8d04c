//! How much memory a process and its descendants have.

/// Resident bytes of the process and, on Linux, of all below it; `None` when it has gone.
///
/// Cheap enough for a status that somebody asks for; nothing is listed to find descendants.
pub fn resident(pid: u32) -> Option<u64> {
    platform::resident(pid)
}

#[cfg(target_os = "linux")]
mod platform {
    use crate::process::table::linux::open;
    use procfs::process::Process;

    pub fn resident(pid: u32) -> Option<u64> {
        let mut total = own(&open(pid).ok()?)?;
        let mut parents = vec![pid];
        while let Some(parent) = parents.pop() {
            for child in children(parent) {
                let memory = open(child).ok().and_then(|process| own(&process));
                total += memory.unwrap_or_default();
                parents.push(child);
            }
        }
        Some(total)
    }

    fn own(process: &Process) -> Option<u64> {
        process.statm().ok().map(|statm| statm.resident * procfs::page_size())
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
    use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

    pub fn resident(pid: u32) -> Option<u64> {
        let pid = Pid::from_u32(pid);
        let mut system = System::new().ok()?;
        let kind = ProcessRefreshKind::nothing().with_memory();
        system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
        system.process(pid).map(sysinfo::Process::memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_a_missing_one_has_none() {
        let own = resident(std::process::id()).expect("this process is there");
        assert!((1 << 20..1 << 36).contains(&own), "{own}");
        assert_eq!(resident(u32::MAX), None);
    }
}
