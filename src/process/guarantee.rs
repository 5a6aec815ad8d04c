//! The mechanism that holds trees together on this system, and the guarantee that follows from it.

use super::host::{Host, Proc, host};

/// The mechanism that ends the trees when the server dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    /// A warden above each tree, which outlives the server until the tree has exited.
    Warden,
    /// A Job Object for each tree, which the kernel ends with the server.
    JobObject,
    /// A watcher beside the server, which outlives the server and ends the orphans that it finds.
    Watcher,
    /// A process group and the process table, used by the server itself while the server lives.
    ProcessGroup,
}

/// A feature that this system lacks or forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Processes cannot be held by a descriptor.
    Pidfd,
    /// The system has no `/proc`.
    Proc,
    /// `/proc` shows another PID namespace.
    OwnProc,
    /// Other users' processes are hidden.
    OtherUsers,
    /// Wardens cannot work here. Holds the system's error number, if there was one.
    Warden(Option<i32>),
}

/// The mechanism in use, and its limits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarantee {
    /// The mechanism that ends the trees when the server dies.
    pub mechanism: Mechanism,
    /// Each tree is also in a control group of its own.
    pub cgroup: bool,
    /// No process of a tree survives the server, however the server ends. Otherwise only an orderly end is sure to
    /// leave none.
    pub complete: bool,
    /// The features that this system lacks.
    pub missing: Vec<Lack>,
}

/// Returns the mechanism for trees with or without a guard. The first call may start a warden, to find out whether
/// wardens work.
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

#[cfg_attr(not(target_os = "linux"), allow(clippy::unnecessary_wraps, reason = "only Linux may lack a warden"))]
fn able() -> Result<(), Lack> {
    #[cfg(target_os = "linux")]
    return super::tree::warden_able().map_err(|cause| Lack::Warden(cause.0));
    #[cfg(not(target_os = "linux"))]
    Ok(())
}

/// Removes the empty control groups of dead servers.
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
    fn each_host_reports_its_missing_features() {
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
