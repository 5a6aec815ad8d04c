//! Starting the command.

use crate::arguments::Arguments;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::libc::{_exit, CLONE_VFORK, SIGCHLD, SYS_clone3, execv, syscall};
use nix::sched::{CloneFlags, clone};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::stat::Mode;
use nix::unistd::{Pid as RawPid, chdir, dup2_stderr, dup2_stdin, dup2_stdout, getpid, getppid, setpgid};
use rustix::process::{Pid, WaitOptions, waitpid};
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _, Write as _, pipe};
use std::os::fd::{AsRawFd as _, OwnedFd};

/// Where the child lives until it executes the command.
const STACK: usize = 32 * 1024;
/// The kernel's number, which does not fit into the type that the C library gives it.
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Starts the command in a process group of its own, with this process's standard streams, which this process lets go of:
/// the command's end has to be the end of its streams.
pub fn start(arguments: Arguments) -> io::Result<Pid> {
    // Without its control group the tree is still held as any other.
    let folder = arguments.cgroup.and_then(|folder| open(folder, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).ok());
    let grouped = folder.and_then(|folder| start_in(&folder, arguments).transpose());
    let child = grouped.unwrap_or_else(|| start_here(arguments))?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Ok(child)
}

/// The child borrows our memory until it executes the command, and we stand still until then: nothing has to be copied.
fn start_here(arguments: Arguments) -> io::Result<Pid> {
    let warden = getpid();
    let mut failed = Errno::UnknownErrno;
    let failure = &raw mut failed;
    let child = Box::new(move || {
        let Err(error) = execute(warden, arguments);
        // SAFETY: it is our parent's, who waits for us.
        unsafe { failure.write(error) };
        1
    });
    let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
    // On the heap, because only the pages that are used are ever made there.
    let mut stack = vec![0; STACK];
    // SAFETY: this process has one thread, and the child needs little of its stack.
    let child = unsafe { clone(child, &mut stack, flags, Some(SIGCHLD)) }?;
    // SAFETY: the child, who may have written to it, has done so.
    let failed = unsafe { failure.read_volatile() };
    started(child.as_raw(), failed)
}

/// Born into the control group: to move there later takes the kernel milliseconds. `None` when it lets nobody in.
fn start_in(folder: &OwnedFd, arguments: Arguments) -> io::Result<Option<Pid>> {
    let warden = getpid();
    let (mut failure, mut failing) = pipe()?;
    let into = u64::try_from(folder.as_raw_fd()).map_err(io::Error::other)?;
    let flags = CLONE_INTO_CGROUP | u64::try_from(CLONE_VFORK).map_err(io::Error::other)?;
    let signal = u64::try_from(SIGCHLD).map_err(io::Error::other)?;
    // As `struct clone_args` has them; its own stack is a copy of ours.
    let arguments_of_clone: [u64; 11] = [flags, 0, 0, 0, signal, 0, 0, 0, 0, 0, into];
    // SAFETY: the kernel reads so many bytes. This process has one thread, so its copy is whole.
    let child = unsafe { syscall(SYS_clone3, &raw const arguments_of_clone, size_of_val(&arguments_of_clone)) };
    match child {
        0 => {
            let Err(error) = execute(warden, arguments);
            let _ = failing.write_all(&(error as i32).to_ne_bytes());
            // SAFETY: nothing of this copy is to be cleaned up.
            unsafe { _exit(1) }
        }
        1.. => {
            drop(failing);
            let mut error = [0; 4];
            let failed = failure.read_exact(&mut error).map(|()| Errno::from_raw(i32::from_ne_bytes(error)));
            started(i32::try_from(child).map_err(io::Error::other)?, failed.unwrap_or(Errno::UnknownErrno)).map(Some)
        }
        _ => Ok(None),
    }
}

/// The child, unless it could not become the command.
fn started(child: i32, failed: Errno) -> io::Result<Pid> {
    let child = Pid::from_raw(child).ok_or(Errno::EINVAL)?;
    if failed == Errno::UnknownErrno {
        return Ok(child);
    }
    let _ = waitpid(Some(child), WaitOptions::empty());
    Err(failed.into())
}

/// Becomes the command, or tells why not.
fn execute(warden: RawPid, arguments: Arguments) -> Result<Infallible, Errno> {
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
