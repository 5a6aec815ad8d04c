//! The memory that is a process tree's own: memory that the system gets back when the tree exits. Files that the tree has
//! mapped do not count.

use super::host::{Proc, host};

/// Returns the own memory of the tree below each pid, in bytes. `None` for a pid that has exited or is hidden.
///
/// Linux: `RssAnon` and `RssShmem`. Windows: private bytes. macOS: the physical footprint.
pub fn own_memory(tops: &[u32]) -> Vec<Option<u64>> {
    if host().proc == Proc::Own { platform::own_memory(tops) } else { vec![None; tops.len()] }
}

#[cfg(target_os = "linux")]
mod platform {
    use crate::process::proc_files::contents;
    use crate::process::usage::visit;

    pub fn own_memory(tops: &[u32]) -> Vec<Option<u64>> {
        tops.iter().map(|pid| of_tree(*pid)).collect()
    }

    fn of_tree(pid: u32) -> Option<u64> {
        let mut total = 0;
        visit(pid, |process| {
            total += in_status(&String::from_utf8_lossy(&contents(process, "status").ok()?));
            Some(())
        })?;
        Some(total)
    }

    /// Sums the own memory in a `status` file. A zombie's file has none.
    fn in_status(text: &str) -> u64 {
        let own = |line: &str| line.strip_prefix("RssAnon:").or_else(|| line.strip_prefix("RssShmem:")).and_then(bytes);
        text.lines().filter_map(own).sum()
    }

    fn bytes(value: &str) -> Option<u64> {
        value.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn own_memory_is_what_no_file_backs() {
            for (text, expected) in [
                ("Name:\tx\nVmRSS:\t  900 kB\nRssAnon:\t  300 kB\nRssFile:\t  500 kB\nRssShmem:\t  100 kB\n", 400),
                ("RssAnon:\t300 kB\n", 300),
                ("Name:\tRssAnon:\t9 kB\nState:\tZ (zombie)\n", 0),
                ("RssAnon:\tmany kB\nRssShmem:\t2 pages\n", 0),
                ("RssAnon:\t18446744073709551615 kB\nRssShmem:\t1 kB\n", 1),
                ("", 0),
            ] {
                assert_eq!(in_status(text), expected * 1024, "{text:?}");
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::collections::HashMap;
    use sysinfo::{Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System};

    pub fn own_memory(tops: &[u32]) -> Vec<Option<u64>> {
        let Ok(mut system) = System::new() else { return vec![None; tops.len()] };
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing().with_memory());
        let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
        for process in system.processes().values() {
            if let Some(parent) = process.parent() {
                children.entry(parent).or_default().push(process.pid());
            }
        }
        tops.iter().map(|pid| of_tree(&system, &children, Pid::from_u32(*pid))).collect()
    }

    fn of_tree(system: &System, children: &HashMap<Pid, Vec<Pid>>, top: Pid) -> Option<u64> {
        let root = system.process(top)?;
        let (mut total, mut parents) = (of_process(root), vec![root]);
        while let Some(parent) = parents.pop() {
            let of_parent = children.get(&parent.pid()).into_iter().flatten().filter_map(|pid| system.process(*pid));
            // Windows does not clear the number of a parent that has exited, and may use it again.
            for child in of_parent.filter(|child| child.start_time() >= parent.start_time()) {
                if child.pid() != parent.pid() {
                    total += of_process(child);
                    parents.push(child);
                }
            }
        }
        Some(total)
    }

    #[cfg(windows)]
    fn of_process(process: &Process) -> u64 {
        // The crate's name for private bytes on Windows.
        process.virtual_memory()
    }

    #[cfg(target_os = "macos")]
    fn of_process(process: &Process) -> u64 {
        footprint(process.pid().as_u32()).unwrap_or_else(|| process.memory())
    }

    #[cfg(target_os = "macos")]
    fn footprint(pid: u32) -> Option<u64> {
        let pid = libc::c_int::try_from(pid).ok()?;
        let mut usage = std::mem::MaybeUninit::<libc::rusage_info_v0>::zeroed();
        // SAFETY: the buffer has the size of this flavour.
        let status = unsafe { libc::proc_pid_rusage(pid, libc::RUSAGE_INFO_V0, usage.as_mut_ptr().cast()) };
        // SAFETY: all its fields are numbers, and the buffer was zeroed.
        (status == 0).then(|| unsafe { usage.assume_init() }.ri_phys_footprint)
    }

    #[cfg(not(any(windows, target_os = "macos")))]
    fn of_process(process: &Process) -> u64 {
        process.memory()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_memory_is_read_of_this_process_and_not_of_a_missing_one() {
        let [own, missing] = own_memory(&[std::process::id(), u32::MAX]).try_into().expect("one for each pid");
        let own = own.expect("this process is there");
        assert!((1 << 16..1 << 36).contains(&own), "{own}");
        assert_eq!(missing, None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn touched_memory_is_own_memory() {
        const SIZE: usize = 64 << 20;
        let read = || own_memory(&[std::process::id()])[0].expect("this process is there");
        let before = read();
        let mut block = vec![0_u8; SIZE];
        block.iter_mut().step_by(4096).for_each(|byte| *byte = 1);
        let grown = read().saturating_sub(before);
        assert!(std::hint::black_box(&block).len() == SIZE && grown > (SIZE / 2) as u64, "{grown}");
    }
}
