//! Waiting for a child: how it ended, and the processor time of it and of all below it.

use super::exit_status::ExitStatus;
use std::time::Duration;

/// What the system tells of a child once, and then forgets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reaped {
    /// How it ended.
    pub exit_status: ExitStatus,
    /// Its own processor time, and that of whom it, or somebody below it, had waited for.
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

    /// Waits for a child and lets go of its pid.
    ///
    /// # Errors
    /// The system's: `ECHILD` when somebody else has waited for it.
    pub fn reap(child: &Handle) -> io::Result<Reaped> {
        loop {
            match wait(&child.wait_id()?, 0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                reaped => return reaped.map(Option::unwrap_or_default),
            }
        }
    }

    /// As [`reap`], but keeps the child, so that its pid goes on meaning nobody else.
    ///
    /// # Errors
    /// As [`reap`].
    pub fn peek(child: &Handle) -> io::Result<Reaped> {
        wait(&child.wait_id()?, libc::WNOHANG | libc::WNOWAIT).map(Option::unwrap_or_default)
    }

    /// As [`reap`], but `None` for a child that has not exited.
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
        // The C library's `waitid` leaves the usage out, and its `wait4` knows pids only.
        // SAFETY: the kernel writes to the two structures, which are the call's own and live until it returns.
        let failed = unsafe {
            libc::syscall(libc::SYS_waitid, kind, id, &raw mut info, libc::WEXITED | options, &raw mut usage)
        };
        if failed != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has filled these in, or left them zero where nobody has exited.
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
    use std::process::ExitStatus;

    /// Waits for a child and lets go of its pid.
    ///
    /// # Errors
    /// The system's: `ECHILD` when somebody else has waited for it.
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
        let status = ExitStatus::from_raw(status);
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

    /// Started by the standard library, which waits for nobody who is only dropped.
    #[expect(clippy::zombie_processes, reason = "waiting is what is tested")]
    fn started(script: &str) -> Handle {
        let child = Command::new("sh").args(["-c", script]).spawn().expect("there is a shell");
        Handle::open(child.id()).expect("it is ours, and not waited for")
    }

    #[test]
    fn tells_how_a_child_ended_and_lets_go_of_it() {
        for (script, code, signal) in
            [("exit 0", Some(0), None), ("exit 7", Some(7), None), ("kill -9 $$", None, Some(9))]
        {
            let child = started(script);
            assert_eq!(reap(&child).expect("it is our child").exit_status, ExitStatus { code, signal }, "{script}");
            assert!(reap(&child).is_err(), "a second time");
        }
    }

    #[test]
    fn the_time_of_who_was_waited_for_below_it_counts() {
        let burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done";
        let alone = reap(&started("exit 0")).expect("it is our child").cpu_time;
        let below = reap(&started(&format!("sh -c '{burn}'; exit 0"))).expect("it is our child").cpu_time;
        assert!(below > alone, "{below:?} beside {alone:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn who_runs_still_is_left_alone() {
        use crate::process::handle::Signal;
        let child = started("exec sleep 1000");
        let id = child.wait_id().expect("it is held");
        assert_eq!(reap_if_exited(&id).expect("it is our child"), None);
        child.signal(Signal::Kill).expect("it is ours");
        assert_eq!(reap(&child).expect("it is our child").exit_status, ExitStatus { code: None, signal: Some(9) });
    }
}
