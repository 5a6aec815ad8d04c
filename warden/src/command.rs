//! Starting the command.

use crate::arguments::Arguments;
use nix::errno::Errno;
use nix::libc::{SIGCHLD, execv};
use nix::sched::{CloneFlags, clone};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{Pid as RawPid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setpgid};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::fs::File;
use std::io;

/// Where the child lives until it executes the command.
const STACK: usize = 32 * 1024;

/// Starts the command in a process group of its own, with this process's standard streams, which this process lets go of:
/// the command's end has to be the end of its streams.
pub fn start(arguments: Arguments) -> io::Result<Pid> {
    let warden = getpid();
    let mut failed = Errno::UnknownErrno;
    let failure = &raw mut failed;
    let child = Box::new(move || {
        let Err(error) = execute(warden, arguments);
        // SAFETY: it is our parent's, who waits for us.
        unsafe { failure.write(error) };
        1
    });
    // The child borrows our memory until it executes the command, and we stand still until then: nothing has to be copied.
    let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    // On the heap, because only the pages that are used are ever made there.
    let mut stack = vec![0; STACK];
    // SAFETY: this process has one thread, and the child needs little of its stack.
    let child = unsafe { clone(child, &mut stack, flags, Some(SIGCHLD)) }?;
    let child = Pid::from_raw(child.as_raw()).ok_or(Errno::EINVAL)?;
    // SAFETY: the child, who may have written to it, has done so.
    let failed = unsafe { failure.read_volatile() };
    if failed != Errno::UnknownErrno {
        let _ = waitpid(Some(child), WaitOptions::empty());
        return Err(failed.into());
    }
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(child)
}

/// Becomes the command, or tells why not.
fn execute(warden: RawPid, arguments: Arguments) -> Result<std::convert::Infallible, Errno> {
    // The warden has one thread, so the signal comes when the process dies, and not when some thread of it ends.
    set_pdeathsig(Signal::SIGKILL)?;
    if getppid() != warden {
        return Err(Errno::ESRCH);
    }
    setpgid(RawPid::from_raw(0), RawPid::from_raw(0))?;
    if let Some(directory) = arguments.directory {
        chdir(directory)?;
    }
    // The signals that the warden waits for in its own way.
    SigSet::empty().thread_set_mask()?;
    // Not `execvp`, which would hand a file that is no program to a shell.
    // SAFETY: both are as the system handed them to us.
    unsafe { execv(arguments.program.as_ptr(), arguments.command) };
    Err(Errno::last())
}
