//! Starting the command.

use crate::arguments::{Arguments, Group};
use crate::kernel::{execute, fork, fork_into, leave, reset_library_signals, unblock_signals};
use crate::protocol::Report;
use crate::shared_report::SharedReport;
use core::ffi::CStr;
use rustix::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, close, fcntl_dupfd_cloexec, write};
use rustix::process::{
    Pid, Signal, WaitOptions, chdir, getpid, getppid, set_parent_process_death_signal, setpgid, setsid, waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

/// The program that runs a script without `#!`.
const SHELL: &CStr = c"/bin/sh";

/// The first descriptor after the standard streams.
const FIRST_EXTRA: RawFd = 3;

/// Starts the command with this process's descriptors below the channel.
///
/// This process closes its copies, so that the command's exit ends its streams.
///
/// # Errors
/// The report to the server.
pub fn start(arguments: Arguments) -> Result<Pid, Report> {
    let no_warden = |error: Errno| Report::NoWarden(error.raw_os_error());
    // Opened before the start, because without it no command may start.
    let nothing = open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(no_warden)?;
    let child = start_with_streams(arguments)?;
    let _ = (dup2_stdin(&nothing), dup2_stdout(&nothing), dup2_stderr(&nothing));
    for descriptor in FIRST_EXTRA..arguments.channel {
        // SAFETY: the descriptors below the channel are the command's, and this process has no other use for them.
        unsafe { close(descriptor) };
    }
    Ok(child)
}

fn start_with_streams(arguments: Arguments) -> Result<Pid, Report> {
    let not_started = |error: Errno| Report::NotStarted(error.raw_os_error());
    let failure = SharedReport::new().map_err(not_started)?;
    let warden = getpid();
    // Without its control group the tree is held like any other.
    let group = arguments.cgroup.and_then(|folder| open(folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok());
    // SAFETY: this process has one thread, and the copy becomes the command or leaves.
    let grouped = group.and_then(|group| unsafe { fork_into(&group) }.ok());
    // SAFETY: likewise.
    let Some(child) = grouped.map_or_else(|| unsafe { fork() }, Ok).map_err(not_started)? else {
        failure.set(become_command(warden, arguments));
        leave(1);
    };
    // This process was paused until the copy had become the command or had exited.
    match failure.get() {
        None => Ok(child),
        Some(report) => {
            let _ = waitpid(Some(child), WaitOptions::empty());
            Err(report)
        }
    }
}

/// Sets this process's `oom_score_adj`. Where `/proc` is missing, the score stays the server's.
fn set_oom_score(score: &CStr) {
    if let Ok(file) = open(c"/proc/self/oom_score_adj", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) {
        let _ = write(&file, score.to_bytes());
    }
}

/// Takes the unused descriptors below the channel, so that no descriptor of this process is among the command's.
pub fn fill_gaps(channel: &OwnedFd) -> Result<(), Errno> {
    loop {
        let filler = fcntl_dupfd_cloexec(channel, FIRST_EXTRA)?;
        if filler.as_raw_fd() > channel.as_raw_fd() {
            return Ok(());
        }
        // Closed with the command's descriptors.
        let _ = filler.into_raw_fd();
    }
}

/// Becomes the command, or returns the reason that it could not.
fn become_command(warden: Pid, arguments: Arguments) -> Report {
    let prepare = || {
        // The warden has one thread, so the signal comes at the exit of the process, and not at the exit of one of its
        // threads.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(warden) {
            return Err(Errno::SRCH);
        }
        enter_group(arguments.group)?;
        reset_library_signals();
        // The warden had blocked these signals to read them from its queue.
        unblock_signals()
    };
    if let Err(error) = prepare() {
        return Report::NoWarden(error.raw_os_error());
    }
    if let Some(score) = arguments.oom_score {
        set_oom_score(score);
    }
    if let Some(Err(error)) = arguments.directory.map(chdir) {
        return Report::NotStarted(error.raw_os_error());
    }
    if let Err(error) = become_user(arguments) {
        return Report::NotStarted(error.raw_os_error());
    }
    // SAFETY: both lists are as the system passed them to us.
    let error = match unsafe { execute(arguments.program, arguments.command, arguments.environment) } {
        Errno::NOEXEC => become_shell(arguments),
        error => error,
    };
    Report::NotStarted(error.raw_os_error())
}

/// Runs a script without `#!` by the shell, as `execvp` does.
fn become_shell(Arguments { program, command, environment, .. }: Arguments) -> Errno {
    let name = command.cast_mut();
    // SAFETY: the list is on this process's stack, the entry before the command's name is the program, and no reference
    // to either entry exists.
    unsafe {
        let list = name.sub(1);
        list.write(SHELL.as_ptr());
        name.write(program.as_ptr());
        execute(SHELL, list, environment)
    }
}

/// Enters the process group that the command is to be in.
fn enter_group(group: Group) -> Result<(), Errno> {
    match group {
        Group::Own => setpgid(None, None),
        Group::Session => setsid().map(drop),
        // The server's group has disappeared if its leader's terminal has.
        Group::Shared(group) => setpgid(None, Some(group)).or_else(|_| setpgid(None, None)),
    }
}

/// Takes the user and the group that the command is to run as.
fn become_user(Arguments { user, group_id, .. }: Arguments) -> Result<(), Errno> {
    if user.is_none() && group_id.is_none() {
        return Ok(());
    }
    // Only a privileged server has groups that the command must not keep.
    let _ = set_thread_groups(&[]);
    group_id.map_or(Ok(()), set_thread_gid)?;
    user.map_or(Ok(()), set_thread_uid)?;
    // The kernel forgets the signal with each change of the user.
    set_parent_process_death_signal(Some(Signal::KILL))
}
