//! The memory that this process and its children may still use.

#[cfg(target_os = "linux")]
mod groups;
#[cfg(target_os = "linux")]
mod linux;
mod size;

pub use size::Memory;

/// Reads the memory that is available now: the machine's, or less if a control group leaves less. `None` if the system
/// does not tell.
///
/// On Linux a control group's part is its limit less its working set, in the tightest group above this process.
pub fn memory() -> Option<Memory> {
    platform::memory()
}

/// The folder of this process's own control group (v2), for the readings of other modules.
#[cfg(target_os = "linux")]
pub(super) fn own_group() -> Option<std::path::PathBuf> {
    linux::own_group()
}

#[cfg(target_os = "linux")]
use linux as platform;

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Memory;
    use sysinfo::{MemoryRefreshKind, System};

    pub fn memory() -> Option<Memory> {
        let mut system = System::new().ok()?;
        system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
        let (total, available) = (system.total_memory(), system.available_memory());
        (total > 0).then(|| Memory { total, available: available.min(total) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_of_this_machine_is_read() {
        let Memory { total, available } = memory().expect("this system tells it");
        assert!((1 << 26..1 << 50).contains(&total) && (1..=total).contains(&available), "{available} of {total}");
    }
}
