//! Starting the command.

use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, execv};
use rustix::process::Pid;
use std::env::set_current_dir;
use std::ffi::{CString, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Starts `DIRECTORY PROGRAM NAME [ARGUMENT…]` in a process group of its own, with this process's standard streams, which
/// this process lets go of: the command's end has to be the end of its streams.
pub fn start(mut arguments: impl Iterator<Item = OsString>) -> io::Result<Pid> {
    let missing = || io::Error::from(io::ErrorKind::InvalidInput);
    let directory = arguments.next().ok_or_else(missing)?;
    if !directory.is_empty() {
        set_current_dir(directory)?;
    }
    let program = arguments.next().ok_or_else(missing)?;
    let executed = CString::new(program.as_bytes())?;
    let all = arguments.map(|argument| CString::new(argument.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let prepare = move || {
        // This process has one thread, so the signal comes when the process dies, and not when some thread of it ends.
        set_pdeathsig(Signal::SIGKILL)?;
        // The signals that this process waits for in its own way.
        SigSet::empty().thread_set_mask()?;
        // The standard library would hand a file that is no program to a shell.
        match execv(&executed, &all)? {}
    };
    let mut command = Command::new(program);
    // SAFETY: this process has one thread, so nothing that the closure uses can be locked by another.
    unsafe { command.process_group(0).pre_exec(prepare) };
    let child = command.spawn()?;
    let nothing = File::options().read(true).write(true).open("/dev/null")?;
    dup2_stdin(&nothing)?;
    dup2_stdout(&nothing)?;
    dup2_stderr(&nothing)?;
    Pid::from_raw(i32::try_from(child.id()).map_err(io::Error::other)?).ok_or_else(missing)
}
