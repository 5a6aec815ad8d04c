//! Waits for the server's death and kills what is left.

mod table;

use crate::StartMark;
use crate::identity::start_mark;
use crate::procargs::environment;
use crate::victims::{Trees, is_tagged};
use rustix::event::kqueue::{Event, EventFilter, EventFlags, ProcessEvents, kevent, kqueue};
use rustix::io::{Errno, ioctl_fionbio, read, retry_on_intr};
use rustix::process::{Pid, Signal, getppid, kill_process};
use rustix::stdio::stdin;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::ptr::null_mut;
use std::thread::sleep;
use std::time::Duration;
use table::{links, procargs};

/// How long killed processes may take before the next look.
const KILL_AGAIN: Duration = Duration::from_millis(20);
/// How often it is looked at processes that cannot be killed: for ten seconds.
const LOOKS: u32 = 500;

/// Watches until the server has died and nothing is left of it.
///
/// # Errors
/// The system's error, or invalid arguments: then nobody is watched.
pub fn run(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let server = arguments.next().and_then(|pid| Pid::from_raw(pid.parse().ok()?)).ok_or(Errno::INVAL)?;
    let prefix = arguments.next().ok_or(Errno::INVAL)?;
    let start = start_mark(server.as_raw_pid().unsigned_abs())?;
    let events = watch(server)?;
    // Asked after the server is watched and its start was read: neither can be anybody else's.
    if getppid() != Some(server) {
        return Ok(());
    }
    let mut trees = Trees::default();
    wait_for_death(&events, &mut trees)?;
    let _ = receive(&mut trees);
    kill_what_is_left(&trees, start, &prefix);
    Ok(())
}

/// A queue that tells of the server's death and of its messages.
fn watch(server: Pid) -> io::Result<OwnedFd> {
    let events = kqueue()?;
    ioctl_fionbio(stdin(), true)?;
    let death = EventFilter::Proc { pid: server, flags: ProcessEvents::EXIT };
    let wanted =
        [death, EventFilter::Read(stdin().as_raw_fd())].map(|filter| Event::new(filter, EventFlags::ADD, null_mut()));
    // SAFETY: standard input stays open as long as this process lives.
    unsafe { kevent(&events, &wanted, &mut [] as &mut [Event], None) }?;
    Ok(events)
}

fn wait_for_death(events: &OwnedFd, trees: &mut Trees) -> io::Result<()> {
    loop {
        let mut happened = Vec::with_capacity(2);
        // SAFETY: no descriptor is added.
        retry_on_intr(|| unsafe { Ok(kevent(events, &[], rustix::buffer::spare_capacity(&mut happened), None)?) })?;
        if happened.iter().any(|event| matches!(event.filter(), EventFilter::Proc { .. })) {
            return Ok(());
        }
        if receive(trees).is_err() {
            // The server has closed the pipe, but lives: from now on only its death is waited for.
            let no_more = Event::new(EventFilter::Read(stdin().as_raw_fd()), EventFlags::DELETE, null_mut());
            // SAFETY: a filter is only taken out.
            unsafe { kevent(events, &[no_more], &mut [] as &mut [Event], Some(Duration::ZERO)) }?;
        }
    }
}

/// Takes in all that has arrived; an error is the end of it.
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

/// Kills until two looks in a row find nobody.
fn kill_what_is_left(trees: &Trees, server: StartMark, prefix: &str) {
    let mut empty = 0;
    for _ in 0..LOOKS {
        let links = links();
        let left = trees.left(&links, server, |pid| is_tagged(environment(&procargs(pid)), prefix));
        for link in &left {
            kill(link.pid, link.start);
        }
        empty = if left.is_empty() { empty + 1 } else { 0 };
        if empty == 2 {
            return;
        }
        sleep(KILL_AGAIN);
    }
}

/// There is no handle of a process here: what it is, is looked at just before it is killed.
fn kill(pid: u32, start: StartMark) {
    let same = start_mark(pid).is_ok_and(|now| now == start);
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw).filter(|_| same) {
        let _ = kill_process(pid, Signal::KILL);
    }
}
