//! Linux: clock ticks since boot. A pid means something in one PID namespace of one boot.

use super::{StartMark, UNKNOWN_BOOT};
use crate::process::host::{Proc, host};
use crate::process::proc_files::{open, system_error};
use procfs::process::Process;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use rustix::time::{ClockId, clock_gettime};
use std::fs::{read_link, read_to_string};
use std::io;

/// Returns the start mark of the process with this pid.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process, `Unsupported` when `/proc` does not show this PID namespace.
pub fn start_mark(pid: u32) -> io::Result<StartMark> {
    let process = if pid == std::process::id() {
        // `/proc/self` also works where this pid means another process in `/proc`.
        Process::myself().map_err(system_error)?
    } else if host().proc == Proc::Own {
        open(pid)?
    } else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    Ok(StartMark(process.stat().map_err(system_error)?.starttime))
}

/// Returns the address of the stack of a process's program. The kernel shows the address only where this process may
/// inspect the other one.
pub fn image(pid: u32) -> Option<u64> {
    // `/proc/self` also works where this pid means another process in `/proc`.
    let is_own = pid == std::process::id();
    let process = if is_own { Process::myself().map_err(system_error) } else { open(pid) };
    let stat = process.ok()?.stat().ok()?;
    Some(stat.startstack).filter(|address| *address != 0)
}

/// Returns whether any process has this pid, seen or hidden. Only `false` is sure, because the process may be a zombie.
pub fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

/// Returns the place in which pids and start marks can be compared: the boot, the PID namespace and the time namespace.
///
/// A container shares the boot with its host, but its pids are other pids and its clock may be another clock. systemd's
/// `ProcSubset=pid` hides the boot id.
///
/// # Errors
/// The system's error when the PID namespace cannot be read.
pub fn world() -> io::Result<String> {
    let boot = read_to_string("/proc/sys/kernel/random/boot_id");
    let boot = boot.as_deref().map_or(UNKNOWN_BOOT, str::trim);
    // "pid:[4026531836]"; kernels before 5.6 have no time namespaces.
    let namespace = |kind: &str| {
        let link = read_link(format!("/proc/self/ns/{kind}"))?;
        Ok::<_, io::Error>(link.to_string_lossy().chars().filter(char::is_ascii_digit).collect::<String>())
    };
    Ok(format!("{boot}.{}.{}", namespace("pid")?, namespace("time").unwrap_or_default()))
}

/// Returns the wall clock's seconds at boot. The value moves when the clock is set, and by a second between two
/// readings.
pub fn boot_time() -> u64 {
    let seconds = |clock| clock_gettime(clock).tv_sec;
    u64::try_from(seconds(ClockId::Realtime).saturating_sub(seconds(ClockId::Boottime))).unwrap_or_default()
}

/// Returns the id of the user that this process runs as.
pub fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}
