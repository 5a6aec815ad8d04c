//! What tells one process from another that got the same pid: when it started, and where that number means something.

#[cfg_attr(target_os = "linux", path = "identity/linux.rs")]
#[cfg_attr(target_os = "macos", path = "identity/macos.rs")]
#[cfg_attr(windows, path = "identity/windows.rs")]
mod platform;

pub use platform::{boot_time, exists, image, start_mark, user, world};

/// When a process started, in the system's own unit: never rounded, and compared only within one [`world`].
///
/// Linux counts clock ticks since boot, macOS microseconds and Windows 100 ns since their epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartMark(pub u64);

impl StartMark {
    /// Stands where the system hides when a process started, as macOS and Windows do of other users' processes.
    ///
    /// It is the oldest: such a process can be an ancestor, never a victim.
    pub const HIDDEN: Self = Self(0);
}

/// The boot of a world whose boot id cannot be read.
pub const UNKNOWN_BOOT: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_keeps_its_mark_and_its_child_is_not_older() {
        let own = start_mark(std::process::id()).expect("this process exists");
        assert_eq!(start_mark(std::process::id()).expect("still"), own);
        let mut child = std::process::Command::new("sleep").arg("30").spawn().expect("sleep starts");
        let later = start_mark(child.id());
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
        assert!(later.expect("it was running") >= own);
        assert!(start_mark(child.id()).is_err());
    }

    #[test]
    fn a_pid_is_asked_for_also_while_its_process_is_a_zombie() {
        assert!(exists(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        assert!(exists(child.id()), "nobody has waited for it");
        child.wait().expect("it is our child");
        assert!(!exists(u32::MAX) && !exists(0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_time_of_boot_is_that_of_the_kernel() {
        let stat = std::fs::read_to_string("/proc/stat").expect("a plain /proc");
        let told = stat.lines().find_map(|line| line.strip_prefix("btime ")).expect("the kernel tells it");
        assert!(boot_time().abs_diff(told.parse().expect("seconds")) <= 2, "{told}");
    }

    #[test]
    fn the_world_fits_into_a_tag() {
        let name = world().expect("the system names it");
        assert!(!name.is_empty() && !name.contains(':'));
        assert_eq!(world().expect("again"), name);
    }
}
