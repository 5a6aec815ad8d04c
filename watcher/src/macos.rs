//! Waits for the server's death and kills its orphans.

mod table;

use crate::StartMark;
use crate::identity::start_mark;
use crate::procargs::environment;
use crate::victims::{Trees, is_tagged, server_of};
use rustix::buffer::spare_capacity;
use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::io::{Errno, ioctl_fionbio, read, retry_on_intr};
use rustix::process::{Pid, Signal, getppid, kill_process};
use rustix::stdio::stdin;
use std::collections::HashSet;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::null_mut;
use std::thread::sleep;
use std::time::Duration;
use table::{links, procargs};

/// The time that killed processes may take before the next look.
const KILL_AGAIN: Duration = Duration::from_millis(20);
/// The number of looks at processes that cannot be killed, for about ten seconds.
const LOOKS: u32 = 500;

/// Watches until the server with this tag prefix has died and none of its processes remains.
///
/// # Errors
/// The system's error, or a prefix that is no beginning of a tag. Then no server is watched.
pub fn run(prefix: &str) -> io::Result<()> {
    let (server, start) = server_of(prefix).ok_or(Errno::INVAL)?;
    let server = i32::try_from(server).ok().and_then(Pid::from_raw).ok_or(Errno::INVAL)?;
    ioctl_fionbio(stdin(), true)?;
    let mut trees = Trees::default();
    let events = kqueue()?;
    // Checked after the server is watched, so that the watch can mean no other process with that pid.
    if watch(&events, server)? && getppid() == Some(server) {
        wait_for_death(&events, &mut trees)?;
    }
    let _ = receive(&mut trees);
    kill_remaining(&trees, start, prefix);
    Ok(())
}

/// Adds the server's death and its messages to the queue. Returns whether the server was alive.
fn watch(events: &OwnedFd, server: Pid) -> io::Result<bool> {
    let death = EventFilter::Proc { pid: server, flags: ProcessEvents::EXIT };
    match change(events, death, EventFlags::ADD) {
        Ok(()) => change(events, messages(), EventFlags::ADD).map(|()| true),
        Err(error) if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => Ok(false),
        Err(error) => Err(error),
    }
}

fn messages() -> EventFilter {
    EventFilter::Read(stdin().as_raw_fd())
}

fn change(events: &OwnedFd, filter: EventFilter, flags: EventFlags) -> io::Result<()> {
    let event = Event::new(filter, flags, null_mut());
    // SAFETY: the only descriptor is standard input, which stays open as long as this process lives.
    unsafe { kevent(events, &[event], &mut [] as &mut [Event], None) }?;
    Ok(())
}

fn wait_for_death(events: &OwnedFd, trees: &mut Trees) -> io::Result<()> {
    loop {
        let mut happened = Vec::with_capacity(2);
        // SAFETY: no descriptor is added.
        retry_on_intr(|| unsafe { kevent(events, &[], spare_capacity(&mut happened), None) })?;
        if happened.iter().any(|event| matches!(event.filter(), EventFilter::Proc { .. })) {
            return Ok(());
        }
        if receive(trees).is_err() {
            // The server has closed the pipe but lives, so only its death is awaited from here on.
            change(events, messages(), EventFlags::DELETE)?;
        }
    }
}

/// Takes in all messages that have arrived. An error means the end of the messages.
fn receive(trees: &mut Trees) -> io::Result<()> {
    let mut bytes = [0; 4096];
    loop {
        match retry_on_intr(|| read(stdin(), &mut bytes)) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(length) => trees.receive(&bytes[..length]),
            Err(Errno::AGAIN) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Kills until two looks in a row find no process.
fn kill_remaining(trees: &Trees, server: StartMark, prefix: &str) {
    let mut stopped = HashSet::new();
    let mut empty = 0;
    for _ in 0..LOOKS {
        let links = links();
        let remaining = trees.remaining(&links, server, |pid| is_tagged(environment(&procargs(pid)), prefix));
        // Processes are killed only when all are stopped and none can start another. Otherwise a child that loses its
        // parent and its root is not found.
        let before = stopped.len();
        stopped.extend(remaining.iter().map(|link| (link.pid, link.start)));
        let all_stopped = stopped.len() == before;
        for link in &remaining {
            send(link.pid, link.start, if all_stopped { Signal::KILL } else { Signal::STOP });
        }
        empty = if remaining.is_empty() { empty + 1 } else { 0 };
        if empty == 2 {
            return;
        }
        if all_stopped {
            sleep(KILL_AGAIN);
        }
    }
}

/// Sends a signal. macOS has no handles of processes, so the start mark is checked just before.
fn send(pid: u32, start: StartMark, signal: Signal) {
    let same = start_mark(pid).is_ok_and(|now| now == start);
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw).filter(|_| same) {
        let _ = kill_process(pid, signal);
    }
}
