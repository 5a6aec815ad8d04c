//! What holds a tree together here, and with it what can be promised of its end.

use super::host::{Host, Proc, host};

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

/// Something that this system does not have or allow, and that is missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Processes cannot be held by a descriptor.
    Pidfd,
    /// There is no `/proc`.
    Proc,
    /// `/proc` shows another PID namespace.
    OwnProc,
    /// Other users' processes are hidden.
    OtherUsers,
    /// A warden cannot do its work: the system's error number, where there was one.
    Warden(Option<i32>),
}

/// What is used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarantee {
    /// What ends the trees when the server does.
    pub mechanism: Mechanism,
    /// Each tree is in a control group of its own besides.
    pub cgroup: bool,
    /// Whatever ends the server, nothing of its trees survives it; otherwise only an orderly end is sure to leave nothing.
    pub complete: bool,
    /// What is missed here.
    pub missing: Vec<Lack>,
}

/// What is used here for trees that are, or are not, to be guarded. The first call may start a warden, to see whether it can
/// do its work.
pub fn guarantee(guarded: bool) -> Guarantee {
    let warden = if guarded { able() } else { Ok(()) };
    let mechanism = if cfg!(windows) {
        Mechanism::JobObject
    } else if cfg!(target_os = "linux") && guarded && warden.is_ok() {
        Mechanism::Warden
    } else if cfg!(target_os = "macos") && guarded {
        Mechanism::Watcher
    } else {
        Mechanism::ProcessGroup
    };
    let missing = missing(host(), warden.err());
    let complete = matches!(mechanism, Mechanism::Warden | Mechanism::JobObject)
        && missing.iter().all(|lack| *lack == Lack::OtherUsers);
    Guarantee { mechanism, cgroup: mechanism == Mechanism::Warden && has_cgroups(), complete, missing }
}

fn missing(host: Host, warden: Option<Lack>) -> Vec<Lack> {
    let proc = match host.proc {
        Proc::Own => (!host.shows_others).then_some(Lack::OtherUsers),
        Proc::Foreign => Some(Lack::OwnProc),
        Proc::Missing => Some(Lack::Proc),
    };
    let pidfd = (!host.pidfd).then_some(Lack::Pidfd);
    [warden, proc, pidfd].into_iter().flatten().collect()
}

fn able() -> Result<(), Lack> {
    #[cfg(target_os = "linux")]
    return super::tree::warden_able().map_err(|cause| Lack::Warden(cause.0));
    #[cfg(not(target_os = "linux"))]
    Ok(())
}

/// Removes what dead servers have left of the mechanism itself.
pub fn remove_orphaned_groups() {
    #[cfg(target_os = "linux")]
    super::cgroup::remove_orphaned_groups();
}

fn has_cgroups() -> bool {
    #[cfg(target_os = "linux")]
    return super::cgroup::is_available();
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_host_misses_what_it_has_not() {
        let whole = Host { proc: Proc::Own, pidfd: true, shows_others: true };
        let none = Host { proc: Proc::Missing, pidfd: false, shows_others: false };
        for (host, warden, expected) in [
            (whole, None, vec![]),
            (Host { pidfd: false, ..whole }, None, vec![Lack::Pidfd]),
            (Host { shows_others: false, ..whole }, None, vec![Lack::OtherUsers]),
            (Host { proc: Proc::Foreign, shows_others: false, ..whole }, None, vec![Lack::OwnProc]),
            (whole, Some(Lack::Warden(Some(13))), vec![Lack::Warden(Some(13))]),
            (none, Some(Lack::Warden(None)), vec![Lack::Warden(None), Lack::Proc, Lack::Pidfd]),
        ] {
            assert_eq!(missing(host, warden), expected, "{host:?}");
        }
    }
}
