//! Starting the command.

use crate::arguments::Arguments;
use crate::kernel::{execute, fork, fork_into, leave, unblock_signals};
use rustix::fd::OwnedFd;
use rustix::fs::{Mode, OFlags, open};
use rustix::io::{self, Errno, read, write};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, Signal, WaitOptions, chdir, getpid, getppid, set_parent_process_death_signal, setpgid, waitpid,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

/// Starts the command in a process group of its own, with this process's standard streams, which this process lets go of:
/// the command's end has to be the end of its streams.
pub fn start(arguments: Arguments) -> io::Result<Pid> {
    let child = start_with_streams(arguments)?;
    let nothing = open(c"/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(child)
}

fn start_with_streams(arguments: Arguments) -> io::Result<Pid> {
    let (failure, failing) = pipe_with(PipeFlags::CLOEXEC)?;
    let warden = getpid();
    // Without its control group the tree is still held as any other.
    let group = arguments.cgroup.and_then(|folder| open(folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty()).ok());
    // SAFETY: this process has one thread, and the copy becomes the command or leaves.
    let grouped = group.and_then(|group| unsafe { fork_into(&group) }.ok());
    // SAFETY: likewise.
    let Some(child) = grouped.map_or_else(|| unsafe { fork() }, Ok)? else {
        let error = become_command(warden, arguments);
        let _ = write(&failing, &error.raw_os_error().to_ne_bytes());
        leave(1);
    };
    drop(failing);
    match error_from(&failure) {
        None => Ok(child),
        Some(error) => {
            let _ = waitpid(Some(child), WaitOptions::empty());
            Err(error)
        }
    }
}

/// Why the child could not become the command; one that could has closed its end without a word.
fn error_from(failure: &OwnedFd) -> Option<Errno> {
    let mut error = [0; 4];
    match read(failure, &mut error) {
        Ok(4) => Some(Errno::from_raw_os_error(i32::from_ne_bytes(error))),
        _ => None,
    }
}

/// Tells why not.
fn become_command(warden: Pid, arguments: Arguments) -> Errno {
    let prepare = || {
        // The warden has one thread, so the signal comes when the process dies, and not when some thread of it ends.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(warden) {
            return Err(Errno::SRCH);
        }
        setpgid(None, None)?;
        if let Some(directory) = arguments.directory {
            chdir(directory)?;
        }
        // The signals that the warden waits for in its own way.
        unblock_signals()
    };
    if let Err(error) = prepare() {
        return error;
    }
    // Not a search, which would hand a file that is no program to a shell.
    // SAFETY: both lists are as the system handed them to us.
    unsafe { execute(arguments.program, arguments.command, arguments.environment) }
}
