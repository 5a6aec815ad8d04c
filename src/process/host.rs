//! The features that this system shows and allows, found out once. Systems other than Linux are assumed to have all.

/// The state of `/proc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proc {
    /// `/proc` shows the processes of this PID namespace.
    Own,
    /// `/proc` was mounted for another PID namespace, so its numbers mean other processes here.
    Foreign,
    /// `/proc` is missing.
    Missing,
}

/// The system that this process runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Host {
    /// The state of `/proc`.
    pub proc: Proc,
    /// Processes can be held and signalled by a descriptor.
    pub pidfd: bool,
    /// Other users' processes are shown too.
    pub shows_others: bool,
}

#[cfg(target_os = "linux")]
pub use linux::host;

/// Returns a system that has every feature.
#[cfg(not(target_os = "linux"))]
pub fn host() -> Host {
    Host { proc: Proc::Own, pidfd: true, shows_others: true }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{Host, Proc};
    use rustix::fs::{PROC_SUPER_MAGIC, statfs};
    use rustix::io::Errno;
    use rustix::process::{PidfdFlags, WaitId, WaitIdOptions, getpid, pidfd_open, waitid};
    use std::fs::{read, read_to_string};
    use std::os::fd::{AsFd as _, AsRawFd as _};
    use std::ptr::null;
    use std::sync::LazyLock;

    /// Returns the system as it was at the first call.
    pub fn host() -> Host {
        static HOST: LazyLock<Host> = LazyLock::new(|| {
            let proc = proc();
            // Every user may read this file of pid 1, unless other users' processes are hidden.
            let shows_others = proc == Proc::Own && read("/proc/1/stat").is_ok();
            Host { proc, pidfd: has_pidfd(), shows_others }
        });
        *HOST
    }

    fn proc() -> Proc {
        match read_to_string("/proc/self/status") {
            Ok(status) if is_own(&status, std::process::id()) => Proc::Own,
            Ok(_) => Proc::Foreign,
            // A `/proc` that was mounted beside this PID namespace does not show this process.
            Err(_) if statfs("/proc").is_ok_and(|facts| facts.f_type == PROC_SUPER_MAGIC) => Proc::Foreign,
            Err(_) => Proc::Missing,
        }
    }

    /// Returns whether a `status` file is from this PID namespace: it lists one number for each namespace from that of
    /// `/proc` down.
    pub(super) fn is_own(status: &str, me: u32) -> bool {
        let numbers = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            Some(line.split_ascii_whitespace().map(|number| number.parse().ok()).collect::<Vec<Option<u32>>>())
        };
        // Kernels without PID namespaces do not write `NSpid`.
        numbers("Tgid") == Some(vec![Some(me)]) && numbers("NSpid").is_none_or(|all| all.len() == 1)
    }

    /// Tries each call, because a filter may forbid it, and kernels before 5.4 cannot wait for a pidfd.
    fn has_pidfd() -> bool {
        let own = match pidfd_open(getpid(), PidfdFlags::empty()) {
            Ok(own) => own,
            // There may be descriptors later.
            Err(error) => return matches!(error, Errno::MFILE | Errno::NFILE | Errno::NOMEM),
        };
        if waitid(WaitId::PidFd(own.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG).err() != Some(Errno::CHILD)
        {
            return false;
        }
        let no_information = null::<libc::siginfo_t>();
        // SAFETY: signal 0 is only a question, and there is nothing to read.
        unsafe { libc::syscall(libc::SYS_pidfd_send_signal, own.as_raw_fd(), 0, no_information, 0) == 0 }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_proc_of_another_pid_namespace_is_recognised() {
        for (status, own) in [
            ("Name:\tnode\nTgid:\t42\nPid:\t43\nNSpid:\t43\nNSsid:\t1\n", true),
            ("Name:\tnode\nTgid:\t42\n", true),
            ("Name:\tnode\nTgid:\t900\nNSpid:\t900\t42\n", false),
            ("Name:\tnode\nTgid:\t42\nNSpid:\t42\t42\n", false),
            ("Name:\tTgid:\t42\nTgid:\t900\n", false),
            ("Name:\tnode\nTgid:\tx\n", false),
            ("", false),
        ] {
            assert_eq!(linux::is_own(status, 42), own, "{status:?}");
        }
    }

    #[test]
    fn this_system_has_the_features_that_tests_need() {
        let Host { proc, pidfd, .. } = host();
        assert_eq!((proc, pidfd), (Proc::Own, true));
    }
}
