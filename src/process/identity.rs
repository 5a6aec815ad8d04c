//! The identity of a process: its start mark, and the world in which its pid means something.

#[cfg_attr(target_os = "linux", path = "identity/linux.rs")]
#[cfg_attr(target_os = "macos", path = "identity/macos.rs")]
#[cfg_attr(windows, path = "identity/windows.rs")]
mod platform;

pub use platform::{boot_time, exists, image, start_mark, user, world};

/// The start time of a process in the system's own unit. It is never rounded, and compared only within one [`world`].
///
/// Linux counts clock ticks since boot, macOS microseconds and Windows 100 ns since their epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StartMark(pub u64);

impl StartMark {
    /// Stands for a hidden start time. macOS and Windows hide the start times of other users' processes.
    ///
    /// `HIDDEN` is the oldest mark, so such a process can be an ancestor but never a victim.
    pub const HIDDEN: Self = Self(0);
}

/// Stands for a boot id that cannot be read.
pub const UNKNOWN_BOOT: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_keeps_its_start_mark_and_its_child_is_not_older() {
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
    fn the_pid_of_a_zombie_exists() {
        assert!(exists(std::process::id()));
        let mut child = std::process::Command::new("true").spawn().expect("it starts");
        assert!(exists(child.id()), "a zombie");
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
