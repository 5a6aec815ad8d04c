//! The system calls that C libraries do not expose.

use core::ffi::{CStr, c_char};
use core::time::Duration;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::Errno;
use rustix::process::Pid;
use syscalls::{Sysno, syscall};

/// A set of signals, a bit each.
type Signals = u64;

const SIG_SETMASK: usize = 2;
/// The signals that C libraries keep for themselves, and leave ignored in what `posix_spawn` starts.
const OF_C_LIBRARIES: [usize; 3] = [32, 33, 34];
const SIGCHLD: usize = 17;
const CLONE_VFORK: usize = 0x4000;
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
const SFD_CLOEXEC: usize = 0o2_000_000;
const SFD_NONBLOCK: usize = 0o4_000;
const CLOCK_MONOTONIC: usize = 1;
/// The size of `struct signalfd_siginfo`, and the offsets of the signal's number and the sender's pid.
const SIGNAL_INFO: usize = 128;
const SIGNAL_AT: usize = 0;
const SENDER_AT: usize = 12;

/// Blocks all signals that can be blocked.
pub fn block_signals() -> Result<(), Errno> {
    set_mask(Signals::MAX)
}

/// Unblocks all signals.
pub fn unblock_signals() -> Result<(), Errno> {
    set_mask(0)
}

fn set_mask(blocked: Signals) -> Result<(), Errno> {
    let none = core::ptr::null_mut::<Signals>();
    // SAFETY: the kernel reads the set, and writes nothing.
    done(unsafe { syscall!(Sysno::rt_sigprocmask, SIG_SETMASK, &raw const blocked, none, size_of::<Signals>()) })?;
    Ok(())
}

/// Gives the signals of C libraries their default again.
pub fn reset_library_signals() {
    // The fields of the kernel's `struct sigaction`: `SIG_DFL`, no flags, and an empty mask.
    let default = [0_usize; 4];
    for signal in OF_C_LIBRARIES {
        let none = core::ptr::null_mut::<usize>();
        // SAFETY: the kernel reads the action, and writes nothing.
        let _ = unsafe { syscall!(Sysno::rt_sigaction, signal, default.as_ptr(), none, size_of::<Signals>()) };
    }
}

/// A signal that was sent to this process.
#[derive(Clone, Copy)]
pub struct Received {
    pub signal: i32,
    /// The sender's pid; zero when the sender is in another PID namespace.
    pub sender: i32,
}

/// A queue of blocked signals, to be read.
pub struct SignalQueue(OwnedFd);

impl SignalQueue {
    /// Opens a queue of all signals.
    pub fn open() -> Result<Self, Errno> {
        let all = Signals::MAX;
        let (new, flags) = (-1_isize, SFD_CLOEXEC | SFD_NONBLOCK);
        // SAFETY: the kernel reads the set.
        let descriptor = done(unsafe { syscall!(Sysno::signalfd4, new, &raw const all, size_of::<Signals>(), flags) })?;
        // SAFETY: the descriptor was just opened, and only for this queue.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(descriptor).map_err(|_| Errno::OVERFLOW)?) }))
    }

    /// Returns the next signal, if there is one.
    pub fn next(&self) -> Result<Option<Received>, Errno> {
        let mut information = [0; SIGNAL_INFO];
        match rustix::io::read(&self.0, &mut information) {
            Ok(_) => {
                let number = |at: usize| information[at..].first_chunk().copied().map_or(0, i32::from_ne_bytes);
                Ok(Some(Received { signal: number(SIGNAL_AT), sender: number(SENDER_AT) }))
            }
            Err(Errno::AGAIN | Errno::INTR) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for SignalQueue {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Copies this process, and pauses it until the copy has executed a program or exited. Returns `None` in the copy.
///
/// # Safety
/// This process has one thread, so its copy is whole; the copy must execute or exit.
pub unsafe fn fork() -> Result<Option<Pid>, Errno> {
    // SAFETY: the caller's.
    let child = done(unsafe { syscall!(Sysno::clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) })?;
    Ok(Pid::from_raw(i32::try_from(child).map_err(|_| Errno::OVERFLOW)?))
}

/// Like [`fork`], but the copy starts in a control group, because a later move takes the kernel milliseconds.
///
/// # Safety
/// As that of [`fork`].
pub unsafe fn fork_into(group: &OwnedFd) -> Result<Option<Pid>, Errno> {
    let into = u64::try_from(group.as_raw_fd()).map_err(|_| Errno::BADF)?;
    let flags = CLONE_INTO_CGROUP | CLONE_VFORK as u64;
    // The fields of `struct clone_args`.
    let arguments: [u64; 11] = [flags, 0, 0, 0, SIGCHLD as u64, 0, 0, 0, 0, 0, into];
    // SAFETY: the caller's; the kernel reads so many bytes.
    let child = done(unsafe { syscall!(Sysno::clone3, &raw const arguments, size_of_val(&arguments)) })?;
    Ok(Pid::from_raw(i32::try_from(child).map_err(|_| Errno::OVERFLOW)?))
}

/// Becomes another program; comes back only with why not.
///
/// # Safety
/// Both lists are of strings, and end with a null pointer.
pub unsafe fn execute(program: &CStr, arguments: *const *const c_char, environment: *const *const c_char) -> Errno {
    // SAFETY: the caller's.
    match done(unsafe { syscall!(Sysno::execve, program.as_ptr(), arguments, environment) }) {
        Err(error) => error,
        Ok(_) => Errno::INVAL,
    }
}

/// Exits this process, or a copy of it.
pub fn leave(code: i32) -> ! {
    loop {
        // SAFETY: nothing is to be cleaned up.
        let _ = unsafe { syscall!(Sysno::exit_group, code) };
    }
}

/// The time since some moment before this process started.
pub fn now() -> Duration {
    let mut time = [0_i64; 2];
    // SAFETY: the kernel writes seconds and nanoseconds there.
    let _ = unsafe { syscall!(Sysno::clock_gettime, CLOCK_MONOTONIC, &raw mut time) };
    let [seconds, nanoseconds] = time;
    Duration::from_secs(seconds.unsigned_abs()) + Duration::from_nanos(nanoseconds.unsigned_abs())
}

fn done(result: Result<usize, syscalls::Errno>) -> Result<usize, Errno> {
    result.map_err(|error| Errno::from_raw_os_error(error.into_raw()))
}
