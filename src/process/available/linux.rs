//! Linux: the machine's memory is in `/proc/meminfo`, a control group's in the files of its folder.

use super::groups::{Hierarchy, Version, hierarchies, tightest};
use super::size::Memory;
use parking_lot::Mutex;
use std::fs::read_to_string;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads both, as far as they are there.
pub fn memory() -> Option<Memory> {
    let machine = read_to_string("/proc/meminfo").ok().and_then(|text| in_meminfo(&text));
    let group = tightest(&own_hierarchies(), |file| read_to_string(file).ok());
    match (machine, group) {
        (Some(machine), Some(group)) => Some(machine.tighter(group)),
        (machine, group) => machine.or(group),
    }
}

/// Returns the folder of the group of version 2.
pub fn own_group() -> Option<PathBuf> {
    let all = own_hierarchies();
    all.iter().find(|hierarchy| hierarchy.version == Version::Two).map(|hierarchy| hierarchy.folder.clone())
}

/// Returns the groups of this process. The long list of mounts is read again only if this process was moved.
fn own_hierarchies() -> Arc<[Hierarchy]> {
    static LATEST: Mutex<Option<(String, Arc<[Hierarchy]>)>> = Mutex::new(None);
    let membership = read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut latest = LATEST.lock();
    match &*latest {
        Some((text, found)) if *text == membership => Arc::clone(found),
        _ => {
            let mounts = read_to_string("/proc/self/mountinfo").unwrap_or_default();
            let found: Arc<[Hierarchy]> = hierarchies(&membership, &mounts).into();
            *latest = Some((membership, Arc::clone(&found)));
            found
        }
    }
}

/// Reads a `meminfo` file. Kernels before 3.14 do not estimate what is available.
fn in_meminfo(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
    };
    let total = field("MemTotal").filter(|total| *total > 0)?;
    let reclaimable = || ["Buffers", "Cached", "SReclaimable"].into_iter().filter_map(field).sum::<u64>();
    let available = field("MemAvailable").or_else(|| field("MemFree")?.checked_add(reclaimable()))?;
    Some(Memory { total, available: available.min(total) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_the_machine_is_read_from_meminfo() {
        let kilobytes = |total: u64, available: u64| Some(Memory { total: total << 10, available: available << 10 });
        for (text, expected) in [
            // Linux 6.18.
            (
                "MemTotal:       24684092 kB\nMemFree:          792096 kB\nMemAvailable:   22705224 kB\n",
                kilobytes(24_684_092, 22_705_224),
            ),
            // Linux 3.10.
            (
                "MemTotal:  1000 kB\nMemFree:  100 kB\nBuffers:  20 kB\nCached:  300 kB\nSwapCached:  9 kB\nSReclaimable:  5 kB\n",
                kilobytes(1000, 425),
            ),
            // lxcfs: the container's total beside the host's available memory.
            ("MemTotal:  1000 kB\nMemFree:  900 kB\nMemAvailable:  64000 kB\n", kilobytes(1000, 1000)),
            ("MemTotal:  1000 kB\n", None),
            ("MemTotal:  0 kB\nMemAvailable:  0 kB\n", None),
            ("MemTotal:  1000\nMemAvailable:  many kB\n", None),
            ("", None),
        ] {
            assert_eq!(in_meminfo(text), expected, "{text:?}");
        }
    }
}
