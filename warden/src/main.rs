//! The warden: a small process between the server and one command. Linux only.
//!
//! Every descendant of the command stays below the warden, because the kernel hands orphans to it (subreaper), however
//! they detach. The warden ends them all when the server orders it or dies. It exits when every process has exited.
//!
//! Usage: `procward-warden SERVER_PID end|leave|reap proc|noproc CGROUP OOM_SCORE CHANNEL own|session|GROUP UID GID DIRECTORY
//! PROGRAM NAME [ARGUMENT…]`, with the socket to the server as descriptor CHANNEL, and the command's descriptors below. An
//! empty DIRECTORY is the current one, an empty CGROUP is none, and an empty `OOM_SCORE`, UID or GID is the server's.

// Without the standard library and the C library, because their starts take longer than the warden's work, and every
// tree waits.
// Where panics unwind, as under `cargo check`, the standard library is present, because only it can unwind.
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
mod shared_report;
#[cfg(panic = "abort")]
mod start;
mod tree;

use arguments::{Arguments, Rest};
use core::ffi::{c_char, c_int};
use core::time::Duration;
use kernel::{Received, SignalQueue};
use protocol::{Order, PACKET, Report};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fd::{AsFd, FromRawFd, OwnedFd};
use rustix::io::{self, Errno, FdFlags, fcntl_setfd, read, write};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getpid, getppid, pidfd_open, set_child_subreaper,
    set_parent_process_death_signal, wait,
};
use rustix::thread::set_name;
use tree::Tree;

/// The time between two looks at a server without a handle.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Runs the warden with the kernel's arguments. Returns the exit code.
///
/// # Safety
/// See [`Arguments::read`].
unsafe fn run(count: usize, values: *const *const c_char, environment: *const *const c_char) -> c_int {
    // SAFETY: the caller's.
    let Some(arguments) = (unsafe { Arguments::read(count, values, environment) }) else { return 1 };
    // SAFETY: the server puts the channel there, and nothing else in this process has touched descriptors yet.
    let channel = unsafe { OwnedFd::from_raw_fd(arguments.channel) };
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
    let mut tree = Tree::new(root, arguments);
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

/// The server, and the queue of signals to this process.
struct Server {
    pid: Pid,
    /// `None` on a system without pidfds. The server is then polled.
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
    command::fill_gaps(channel)?;
    set_name(c"procward-warden")?;
    // The server's death resumes a stopped warden, which then sees the death.
    set_parent_process_death_signal(Some(Signal::CONT))?;
    let handle = match pidfd_open(arguments.server, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return Ok(None),
        handle => handle.ok(),
    };
    // Checked after the handle was opened, so that the handle can mean only the server that started us.
    if getppid() != Some(arguments.server) {
        return Ok(None);
    }
    set_child_subreaper(Some(getpid()))?;
    kernel::block_signals()?;
    Ok(Some(Server { pid: arguments.server, handle, signals: SignalQueue::open()? }))
}

/// Reaps the processes that the command left behind, as long as they run.
fn reap_all() -> c_int {
    // From here on the death of this process does no harm.
    let _ = kernel::unblock_signals();
    while !matches!(wait(WaitOptions::empty()), Err(Errno::CHILD)) {}
    0
}

/// Stays until the tree has ended, or until the command has exited and the rest is let go.
fn watch(channel: &OwnedFd, server: &Server, tree: &mut Tree, arguments: Arguments) -> io::Result<()> {
    let (mut is_let_go, mut is_forgotten) = (false, false);
    loop {
        while let Some(Received { signal, sender }) = server.signals.next()? {
            // SIGCONT from the server, or from the kernel at its death, is meant for the warden and not for the
            // command.
            if signal != Signal::CONT.as_raw() || sender != server.pid.as_raw_nonzero().get() {
                tree.forward(signal);
            }
        }
        if let Some(ended) = tree.reap() {
            report(channel, ended);
            is_let_go |= arguments.rest != Rest::End;
        }
        if tree.has_exited() || is_let_go && tree.has_root_exited() && !tree.is_terminating() {
            return Ok(());
        }
        let mut timeout = tree.kill_if_due();
        // A tree that is let go does not end with the server, nor do orders change anything once all is killed.
        let is_alone = tree.is_killed() || is_let_go && !tree.is_terminating() && (is_forgotten || server.is_dead());
        if server.handle.is_none() && !is_alone {
            timeout = Some(timeout.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN));
        }
        let handle = server.handle.as_ref().map_or(channel.as_fd(), AsFd::as_fd);
        let mut all =
            [server.signals.as_fd(), channel.as_fd(), handle].map(|one| PollFd::from_borrowed_fd(one, PollFlags::IN));
        let watched = match (is_alone, &server.handle) {
            (true, _) => &mut all[..1],
            (false, None) => &mut all[..2],
            (false, Some(_)) => &mut all[..],
        };
        match poll(watched, timeout.map(timespec).as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error),
        }
        let is_ready = |at: usize| watched.get(at).is_some_and(|one| !one.revents().is_empty());
        if is_ready(2) || !is_alone && server.handle.is_none() && server.is_dead() {
            if !is_let_go {
                tree.terminate(Duration::ZERO);
            }
        } else if is_ready(1) {
            match order(channel) {
                Some(Order::Terminate(grace)) => tree.terminate(Duration::from_millis(grace.into())),
                Some(Order::Signal(number)) => tree.forward(number),
                Some(Order::LetGo) => is_let_go = true,
                // A closed channel means that the server died or gave up.
                None if is_let_go => is_forgotten = true,
                None => tree.terminate(Duration::ZERO),
            }
        }
    }
}

fn report(channel: &OwnedFd, report: Report) {
    // Without a server no process reads the report.
    let _ = write(channel, &report.to_bytes());
}

fn order(channel: &OwnedFd) -> Option<Order> {
    // Reads exactly one order, because two orders may be queued.
    let mut packet = [0; PACKET];
    let length = read(channel, &mut packet).ok()?;
    Order::from_bytes(&packet[..length])
}

fn timespec(duration: Duration) -> Timespec {
    // The milliseconds of an order always fit.
    Timespec { tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX), tv_nsec: duration.subsec_nanos().into() }
}
