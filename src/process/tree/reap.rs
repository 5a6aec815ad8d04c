//! Reaps children: their exit status, and the processor time of the child and all processes below it.

use super::exit_status::ExitStatus;
use std::time::Duration;

/// The facts about an exited child, which the system gives only once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaped {
    /// The exit status.
    pub exit_status: ExitStatus,
    /// The processor time of the child and of the descendants that were reaped below it.
    pub cpu_time: Duration,
}

#[cfg(target_os = "linux")]
pub use linux::reap;
#[cfg(target_os = "linux")]
pub use linux::{peek, reap_if_exited};
#[cfg(target_os = "macos")]
pub use macos::reap;

#[cfg(target_os = "linux")]
mod linux {
    use super::{ExitStatus, Reaped, cpu_time};
    use crate::process::handle::Handle;
    use rustix::process::WaitId;
    use std::ffi::c_int;
    use std::io;
    use std::mem::zeroed;
    use std::os::fd::AsRawFd;

    /// Waits for a child and reaps it.
    ///
    /// # Errors
    /// The system's: `ECHILD` if another part of this process has reaped the child.
    pub fn reap(child: &Handle) -> io::Result<Reaped> {
        loop {
            match wait(&child.wait_id()?, 0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                reaped => return reaped.map(Option::unwrap_or_default),
            }
        }
    }

    /// Like [`reap`], but leaves the child a zombie, so that its pid keeps its meaning.
    ///
    /// # Errors
    /// As [`reap`].
    pub fn peek(child: &Handle) -> io::Result<Reaped> {
        wait(&child.wait_id()?, libc::WNOHANG | libc::WNOWAIT).map(Option::unwrap_or_default)
    }

    /// Like [`reap`], but returns `None` for a child that has not exited.
    ///
    /// # Errors
    /// As [`reap`].
    pub fn reap_if_exited(child: &WaitId<'_>) -> io::Result<Option<Reaped>> {
        wait(child, libc::WNOHANG)
    }

    fn wait(child: &WaitId<'_>, options: c_int) -> io::Result<Option<Reaped>> {
        let (kind, id) = match child {
            WaitId::Pid(pid) => (libc::P_PID, pid.as_raw_pid()),
            WaitId::PidFd(descriptor) => (libc::P_PIDFD, descriptor.as_raw_fd()),
            _ => return Err(io::ErrorKind::Unsupported.into()),
        };
        // SAFETY: plain numbers, of which all may be zero.
        let (mut info, mut usage) = unsafe { (zeroed::<libc::siginfo_t>(), zeroed::<libc::rusage>()) };
        // The C library's `waitid` returns no usage, and its `wait4` takes pids only.
        // SAFETY: the kernel writes to the two structures, which are the call's own and live until it returns.
        let failed = unsafe {
            libc::syscall(libc::SYS_waitid, kind, id, &raw mut info, libc::WEXITED | options, &raw mut usage)
        };
        if failed != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has filled these in, or left them zero if the child has not exited.
        let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
        let exit_status = match info.si_code {
            libc::CLD_EXITED => ExitStatus { code: Some(status), signal: None },
            _ => ExitStatus { code: None, signal: Some(status) },
        };
        Ok((pid != 0).then(|| Reaped { exit_status, cpu_time: cpu_time(&usage) }))
    }
}

#[cfg(target_os = "macos")]
mod macos {
    use super::{ExitStatus, Reaped, cpu_time};
    use crate::process::handle::Handle;
    use std::io;
    use std::mem::zeroed;
    use std::os::unix::process::ExitStatusExt;

    /// Waits for a child and reaps it.
    ///
    /// # Errors
    /// The system's: `ECHILD` if another part of this process has reaped the child.
    pub fn reap(child: &Handle) -> io::Result<Reaped> {
        let pid = child.pid().cast_signed();
        // SAFETY: plain numbers, of which all may be zero.
        let (mut status, mut usage) = (0, unsafe { zeroed::<libc::rusage>() });
        // SAFETY: the kernel writes to the number and to the structure, which are the call's own and live until it returns.
        while unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) } != pid {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        let status = std::process::ExitStatus::from_raw(status);
        let exit_status = ExitStatus { code: status.code(), signal: status.signal() };
        Ok(Reaped { exit_status, cpu_time: cpu_time(&usage) })
    }
}

fn cpu_time(usage: &libc::rusage) -> Duration {
    let [user, system] = [usage.ru_utime, usage.ru_stime].map(|time| {
        let microseconds = u64::try_from(time.tv_usec).unwrap_or_default();
        Duration::from_secs(time.tv_sec.unsigned_abs()) + Duration::from_micros(microseconds)
    });
    user + system
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::handle::Handle;
    use std::process::Command;

    /// Starts a child with the standard library, which does not reap a child that is only dropped.
    #[expect(clippy::zombie_processes, reason = "waiting is what is tested")]
    fn started(script: &str) -> Handle {
        let child = Command::new("sh").args(["-c", script]).spawn().expect("there is a shell");
        Handle::open(child.id()).expect("it is ours, and not waited for")
    }

    #[test]
    fn a_child_is_reaped_once_with_its_exit_status() {
        for (script, code, signal) in
            [("exit 0", Some(0), None), ("exit 7", Some(7), None), ("kill -9 $$", None, Some(9))]
        {
            let child = started(script);
            assert_eq!(reap(&child).expect("it is our child").exit_status, ExitStatus { code, signal }, "{script}");
            assert!(reap(&child).is_err(), "a second time");
        }
    }

    #[test]
    fn the_processor_time_of_reaped_descendants_counts() {
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let alone = reap(&started("exit 0")).expect("it is our child").cpu_time;
        let below = reap(&started(&format!("sh -c '{burn}'; exit 0"))).expect("it is our child").cpu_time;
        assert!(below > alone, "{below:?} beside {alone:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_running_child_is_not_reaped() {
        use crate::process::handle::Signal;
        let child = started("exec sleep 1000");
        let id = child.wait_id().expect("it is held");
        assert_eq!(reap_if_exited(&id).expect("it is our child"), None);
        child.signal(Signal::Kill).expect("it is ours");
        assert_eq!(reap(&child).expect("it is our child").exit_status, ExitStatus { code: None, signal: Some(9) });
    }
}
