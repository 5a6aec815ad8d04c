//! The warden: a small process between the server and one command. Linux only.
//!
//! Whatever the command starts stays its descendant, because orphans are handed to it (subreaper), however they detach.
//! It ends them all when the server asks for it or dies, by whatever signal, and exits when nobody is left.
//!
//! Usage: `procward-warden SERVER_PID end|leave CGROUP DIRECTORY PROGRAM NAME [ARGUMENT…]`, with the socket to the server as descriptor 3.
//! An empty DIRECTORY is the current one, an empty CGROUP is none.

// Without the standard library and the C library, whose starts take longer than all that is done here: every tree waits for this.
// Where panics unwind, as in a mere check, the standard library is there, because only it can do that.
#![no_main]
#![cfg_attr(panic = "abort", no_std)]
#![cfg_attr(not(panic = "abort"), allow(dead_code, reason = "nothing starts it"))]

mod arguments;
mod cgroup;
mod command;
mod descendants;
mod kernel;
mod list;
mod path;
#[allow(dead_code, reason = "each side uses its half")]
mod protocol;
#[cfg(panic = "abort")]
mod start;
mod tree;

use arguments::Arguments;
use core::ffi::{c_char, c_int};
use core::time::Duration;
use kernel::SignalQueue;
use protocol::{CHANNEL, EndOrder, Report};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, FromRawFd, OwnedFd};
use rustix::io::{self, Errno, FdFlags, fcntl_setfd, read, write};
use rustix::process::{PidfdFlags, getpid, getppid, pidfd_open, set_child_subreaper};
use rustix::thread::set_name;
use tree::Tree;

/// With what the kernel started this process; gives its exit code.
///
/// # Safety
/// See [`Arguments::read`].
unsafe fn run(count: usize, values: *const *const c_char, environment: *const *const c_char) -> c_int {
    // SAFETY: the server puts the channel there, and nothing else in this process has touched descriptors yet.
    let channel = unsafe { OwnedFd::from_raw_fd(CHANNEL) };
    // SAFETY: the caller's.
    let arguments = unsafe { Arguments::read(count, values, environment) };
    match arguments.ok_or(Errno::INVAL).and_then(|arguments| watch(&channel, arguments)) {
        Ok(()) => 0,
        Err(error) => {
            report(&channel, Report::NotStarted(error.raw_os_error()));
            1
        }
    }
}

/// Starts the command and stays until its tree has ended.
fn watch(channel: &OwnedFd, arguments: Arguments) -> io::Result<()> {
    fcntl_setfd(channel, FdFlags::CLOEXEC)?;
    set_name(c"procward-warden")?;
    let server_handle = pidfd_open(arguments.server, PidfdFlags::empty())?;
    // Asked after the handle was opened: from here on it cannot mean anybody but the server that started us.
    if getppid() != Some(arguments.server) {
        return Ok(());
    }
    set_child_subreaper(Some(getpid()))?;
    kernel::block_signals()?;
    let signals = SignalQueue::open()?;

    let root = command::start(arguments)?;
    report(channel, Report::Started(root.as_raw_nonzero().get()));
    let mut tree = Tree::new(root, arguments.cgroup)?;
    loop {
        while let Some(number) = signals.next()? {
            tree.forward(number);
        }
        if let Some(ended) = tree.reap() {
            report(channel, ended);
            if arguments.leaves_rest && !tree.is_ending() {
                return Ok(());
            }
        }
        if tree.is_gone() {
            return Ok(());
        }
        let timeout = tree.pursue().map(timespec);
        let mut all = [signals.as_fd(), server_handle.as_fd(), channel.as_fd()]
            .map(|one| PollFd::from_borrowed_fd(one, PollFlags::IN));
        // Once everything is being killed, nobody has anything more to say.
        let watched = if tree.is_killed() { &mut all[..1] } else { &mut all[..] };
        match poll(watched, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let is_ready = |at: usize| watched.get(at).is_some_and(|one| !one.revents().is_empty());
        if is_ready(1) {
            tree.end(Duration::ZERO);
        } else if is_ready(2) {
            // A channel that was closed is a server that died, or gave up.
            tree.end(order(channel).map_or(Duration::ZERO, |order| Duration::from_millis(order.grace.into())));
        }
    }
}

fn report(channel: &OwnedFd, report: Report) {
    // Without a server there is nobody to tell.
    let _ = write(channel, &report.to_bytes());
}

fn order(channel: &OwnedFd) -> Option<EndOrder> {
    // Exactly one order: two that were sent in a row are two.
    let mut packet = [0; 4];
    let length = read(channel, &mut packet).ok()?;
    EndOrder::from_bytes(&packet[..length])
}

fn timespec(duration: Duration) -> Timespec {
    // No order waits for longer than its milliseconds can say.
    Timespec { tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}
