//! Linux: clock ticks since boot; a pid means something in one PID namespace of one boot.

use super::StartMark;
use crate::process::host::{Proc, host};
use crate::process::table::linux::{open, system_error};
use procfs::process::Process;
use std::fs::{read_link, read_to_string};
use std::io;

/// When the process with this pid started.
///
/// # Errors
/// The system's error, `NotFound` when there is no such process, `Unsupported` when `/proc` does not show this PID namespace.
pub fn start_mark(pid: u32) -> io::Result<StartMark> {
    let process = if pid == std::process::id() {
        // Also where the number means another process there.
        Process::myself().map_err(system_error)?
    } else if host().proc == Proc::Own {
        open(pid)?
    } else {
        return Err(io::ErrorKind::Unsupported.into());
    };
    Ok(StartMark(process.stat().map_err(system_error)?.starttime))
}

/// Where pids and start marks can be compared: the boot, the PID namespace and the time namespace.
///
/// A container shares the boot with its host, but its pids are other pids and its clock may be another clock.
///
/// # Errors
/// The system's error when the boot id cannot be read.
pub fn world() -> io::Result<String> {
    let boot = read_to_string("/proc/sys/kernel/random/boot_id")?;
    // "pid:[4026531836]"; kernels before 5.6 have no time namespaces.
    let namespace = |kind: &str| {
        let link = read_link(format!("/proc/self/ns/{kind}")).unwrap_or_default();
        link.to_string_lossy().chars().filter(char::is_ascii_digit).collect::<String>()
    };
    Ok(format!("{}.{}.{}", boot.trim(), namespace("pid"), namespace("time")))
}
