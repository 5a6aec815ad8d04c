//! The warden: a small process between the server and one command. Linux only.
//!
//! Whatever the command starts stays its descendant, because orphans are handed to it (subreaper), however they detach.
//! It ends them all when the server asks for it or dies, by whatever signal, and exits when nobody is left.
//!
//! Usage: `procward-warden SERVER_PID end|leave|reap proc|noproc CGROUP DIRECTORY PROGRAM NAME [ARGUMENT…]`, with the socket to the
//! server as descriptor 3. An empty DIRECTORY is the current one, an empty CGROUP is none.

// Without the standard library and the C library, whose starts take longer than all that is done here: every tree waits for this.
// Where panics unwind, as in a mere check, the standard library is there, because only it can do that.
#![no_main]
#![cfg_attr(panic = "abort", no_std)]
#![cfg_attr(not(panic = "abort"), allow(dead_code, reason = "nothing starts it"))]

mod arguments;
mod cgroup;
mod children;
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

use arguments::{Arguments, Rest};
use core::ffi::{c_char, c_int};
use core::time::Duration;
use kernel::{Received, SignalQueue};
use protocol::{CHANNEL, Report, TerminateOrder};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, FromRawFd, OwnedFd};
use rustix::io::{self, Errno, FdFlags, fcntl_setfd, read, write};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, getppid, pidfd_open, set_child_subreaper,
    set_parent_process_death_signal, wait,
};
use rustix::thread::set_name;
use tree::Tree;

/// Between two looks for a server that cannot be waited for.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// With what the kernel started this process; gives its exit code.
///
/// # Safety
/// See [`Arguments::read`].
unsafe fn run(count: usize, values: *const *const c_char, environment: *const *const c_char) -> c_int {
    // SAFETY: the server puts the channel there, and nothing else in this process has touched descriptors yet.
    let channel = unsafe { OwnedFd::from_raw_fd(CHANNEL) };
    // SAFETY: the caller's.
    let arguments = unsafe { Arguments::read(count, values, environment) };
    let Some(arguments) = arguments else { return refuse(&channel, Report::NoWarden(Errno::INVAL.raw_os_error())) };
    let server = match prepare(&channel, arguments) {
        Ok(Some(server)) => server,
        Ok(None) => return 0,
        Err(error) => return refuse(&channel, Report::NoWarden(error.raw_os_error())),
    };
    let root = match command::start(arguments) {
        Ok(root) => root,
        Err(report) => return refuse(&channel, report),
    };
    report(&channel, Report::Started(root.as_raw_nonzero().get()));
    let mut tree = Tree::new(root, arguments.has_proc, arguments.cgroup);
    match watch(&channel, &server, &mut tree, arguments) {
        Ok(()) if arguments.rest == Rest::Reap && !tree.has_exited() && !tree.is_terminating() => {
            drop((channel, server));
            reap_all()
        }
        Ok(()) => 0,
        Err(_) => 1,
    }
}

fn refuse(channel: &OwnedFd, why: Report) -> c_int {
    report(channel, why);
    1
}

/// The server, and the signals that were sent to this process.
struct Server {
    pid: Pid,
    /// Where the system has none, the server is looked for again and again.
    handle: Option<OwnedFd>,
    signals: SignalQueue,
}

impl Server {
    fn is_dead(&self) -> bool {
        getppid() != Some(self.pid)
    }
}

/// Makes this process the warden; `None` when the server has died already.
fn prepare(channel: &OwnedFd, arguments: Arguments) -> io::Result<Option<Server>> {
    fcntl_setfd(channel, FdFlags::CLOEXEC)?;
    set_name(c"procward-warden")?;
    // A warden that was stopped goes on when the server dies, and sees it.
    set_parent_process_death_signal(Some(Signal::CONT))?;
    let handle = match pidfd_open(arguments.server, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(None),
        handle => handle.ok(),
    };
    // Asked after the handle was opened: from here on it cannot mean anybody but the server that started us.
    if getppid() != Some(arguments.server) {
        return Ok(None);
    }
    set_child_subreaper(Some(getpid()))?;
    kernel::block_signals()?;
    Ok(Some(Server { pid: arguments.server, handle, signals: SignalQueue::open()? }))
}

/// Reaps what the command left behind, for as long as that runs.
fn reap_all() -> c_int {
    // From here on nothing is lost with this process.
    let _ = kernel::unblock_signals();
    while !matches!(wait(WaitOptions::empty()), Err(Errno::CHILD)) {}
    0
}

/// Stays until the tree has ended, or is let go.
fn watch(channel: &OwnedFd, server: &Server, tree: &mut Tree, arguments: Arguments) -> io::Result<()> {
    loop {
        while let Some(Received { signal, sender }) = server.signals.next()? {
            // The server, or the kernel in its name, wakes the warden, and not the command.
            if signal != Signal::CONT.as_raw() || sender != server.pid.as_raw_nonzero().get() {
                tree.forward(signal);
            }
        }
        if let Some(ended) = tree.reap() {
            report(channel, ended);
            if arguments.rest != Rest::End && !tree.is_terminating() {
                return Ok(());
            }
        }
        if tree.has_exited() {
            return Ok(());
        }
        let mut timeout = tree.kill_if_due();
        if server.handle.is_none() && !tree.is_killed() {
            timeout = Some(timeout.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN));
        }
        let handle = server.handle.as_ref().map_or(channel.as_fd(), AsFd::as_fd);
        let mut all =
            [server.signals.as_fd(), channel.as_fd(), handle].map(|one| PollFd::from_borrowed_fd(one, PollFlags::IN));
        // Once everything is being killed, nobody has anything more to say.
        let watched = match (tree.is_killed(), &server.handle) {
            (true, _) => &mut all[..1],
            (false, None) => &mut all[..2],
            (false, Some(_)) => &mut all[..],
        };
        match poll(watched, timeout.map(timespec).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let is_ready = |at: usize| watched.get(at).is_some_and(|one| !one.revents().is_empty());
        if is_ready(2) || server.handle.is_none() && server.is_dead() {
            tree.terminate(Duration::ZERO);
        } else if is_ready(1) {
            // A channel that was closed is a server that died, or gave up.
            tree.terminate(order(channel).map_or(Duration::ZERO, |order| Duration::from_millis(order.grace.into())));
        }
    }
}

fn report(channel: &OwnedFd, report: Report) {
    // Without a server there is nobody to tell.
    let _ = write(channel, &report.to_bytes());
}

fn order(channel: &OwnedFd) -> Option<TerminateOrder> {
    // Exactly one order: two that were sent in a row are two.
    let mut packet = [0; 4];
    let length = read(channel, &mut packet).ok()?;
    TerminateOrder::from_bytes(&packet[..length])
}

fn timespec(duration: Duration) -> Timespec {
    // No order waits for longer than its milliseconds can say.
    Timespec { tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}
