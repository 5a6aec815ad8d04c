//! The warden: a small process between the server and one command. Linux only.
//!
//! Whatever the command starts stays its descendant, because orphans are handed to it (subreaper), however they detach.
//! It ends them all when the server asks for it or dies, by whatever signal, and exits when nobody is left.
//!
//! Usage: `procward-warden SERVER_PID end|leave CGROUP DIRECTORY PROGRAM NAME [ARGUMENT…]`, with the socket to the server as descriptor 3.
//! An empty DIRECTORY is the current one, an empty CGROUP is none.

// Without the standard library's own start, which reads /proc and prepares for a stack overflow: every tree waits for this.
#![no_main]

mod arguments;
mod cgroup;
mod command;
mod descendants;
#[allow(dead_code, reason = "each side uses its half")]
mod protocol;
mod tree;

use arguments::Arguments;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl::{set_child_subreaper, set_name};
use nix::sys::signal::SigSet;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{read, write};
use protocol::{CHANNEL, EndOrder, Report};
use rustix::process::{PidfdFlags, getppid, pidfd_open};
use std::ffi::{c_char, c_int};
use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::time::Duration;
use tree::Tree;

/// Where the C library starts us.
#[unsafe(no_mangle)]
extern "C" fn main(count: c_int, values: *const *const c_char) -> c_int {
    // SAFETY: the server puts the channel there, and nothing else in this process has touched descriptors yet.
    let channel = unsafe { OwnedFd::from_raw_fd(CHANNEL) };
    // SAFETY: they are.
    let arguments = unsafe { Arguments::read(count, values) };
    match arguments.ok_or(Errno::EINVAL.into()).and_then(|arguments| watch(&channel, arguments)) {
        Ok(()) => 0,
        Err(error) => {
            report(&channel, Report::NotStarted(error.raw_os_error().unwrap_or(Errno::EINVAL as i32)));
            1
        }
    }
}

/// Starts the command and stays until its tree has ended.
fn watch(channel: &OwnedFd, arguments: Arguments) -> io::Result<()> {
    fcntl(channel, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    set_name(c"procward-warden")?;
    let server_handle = pidfd_open(arguments.server, PidfdFlags::empty())?;
    // Asked after the handle was opened: from here on it cannot mean anybody but the server that started us.
    if getppid() != Some(arguments.server) {
        return Ok(());
    }
    set_child_subreaper(true)?;
    let signals = SigSet::all();
    signals.thread_block()?;
    let signals = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;

    let root = command::start(arguments)?;
    report(channel, Report::Started(root.as_raw_nonzero().get()));
    let mut tree = Tree::new(root, arguments.cgroup)?;
    loop {
        while let Some(received) = signals.read_signal()? {
            tree.forward(received.ssi_signo);
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
        let timeout = tree.pursue().map_or(PollTimeout::NONE, milliseconds);
        let mut watched = vec![PollFd::new(signals.as_fd(), PollFlags::POLLIN)];
        // Once everything is being killed, nobody has anything more to say.
        if !tree.is_killed() {
            watched.push(PollFd::new(server_handle.as_fd(), PollFlags::POLLIN));
            watched.push(PollFd::new(channel.as_fd(), PollFlags::POLLIN));
        }
        match poll(&mut watched, timeout) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
        let is_ready = |at: usize| watched.get(at).is_some_and(|one| one.any().unwrap_or(true));
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

fn milliseconds(duration: Duration) -> PollTimeout {
    // Rounded up, so that waking up early does not become busy waiting.
    PollTimeout::try_from(duration.as_millis().saturating_add(1)).unwrap_or(PollTimeout::MAX)
}
