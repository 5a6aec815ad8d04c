//! What holds a tree together here, and with it what can be promised of its end.

/// What ends the trees when the server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// A warden above each tree, which outlives the server for as long as that takes.
    Warden,
    /// A Job Object for each tree, which the kernel ends with the server.
    JobObject,
    /// A watcher beside the server, which outlives it and ends what it finds of its trees.
    Watcher,
    /// A process group and the process table: the server itself, as long as it lives.
    ProcessGroup,
}

/// What is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guarantee {
    /// What ends the trees when the server does.
    pub mechanism: Mechanism,
    /// Each tree is in a control group of its own besides.
    pub cgroup: bool,
    /// Whatever ends the server, nothing of its trees survives it; otherwise only an orderly end is sure to leave nothing.
    pub complete: bool,
}

/// What is used here for trees that are, or are not, to be guarded.
pub fn guarantee(guarded: bool) -> Guarantee {
    let mechanism = if cfg!(windows) {
        Mechanism::JobObject
    } else if cfg!(target_os = "linux") && guarded {
        Mechanism::Warden
    } else if cfg!(target_os = "macos") && guarded {
        Mechanism::Watcher
    } else {
        Mechanism::ProcessGroup
    };
    let complete = matches!(mechanism, Mechanism::Warden | Mechanism::JobObject);
    Guarantee { mechanism, cgroup: mechanism == Mechanism::Warden && has_cgroups(), complete }
}

/// Removes what dead servers have left of the mechanism itself.
pub fn remove_leftovers() {
    #[cfg(target_os = "linux")]
    super::cgroup::remove_leftovers();
}

fn has_cgroups() -> bool {
    #[cfg(target_os = "linux")]
    return super::cgroup::is_available();
    #[cfg(not(target_os = "linux"))]
    false
}
