//! Finds every descendant of this process by the parents and children in `/proc`. Only where `/proc` shows this PID
//! namespace.

use crate::list::List;
use crate::path::Path;
use core::ffi::CStr;
use core::mem::MaybeUninit;
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Mode, OFlags, RawDir, openat};
use rustix::io::{self, Errno, read};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

/// A descendant, held so that it cannot be mistaken for another process.
struct Held {
    pid: Pid,
    handle: OwnedFd,
    has_threads: bool,
}

/// The kernel's facts about a process.
struct Facts {
    parent: Pid,
    /// The process has threads besides its first.
    has_threads: bool,
}

/// Sends a signal to every descendant that can be found. Returns whether any took it.
pub fn signal_all(signal: Signal) -> bool {
    let Ok(found) = all() else { return false };
    let mut taken = false;
    for held in found.as_slice() {
        taken |= pidfd_send_signal(&held.handle, signal).is_ok();
    }
    taken
}

/// Calls `each` for the children of a process with one thread.
pub fn each_child_of(parent: Pid, each: impl FnMut(Pid)) {
    each_child(parent, false, each);
}

fn all() -> io::Result<List<Held>> {
    let me = getpid();
    let mut held = List::new()?;
    let (mut parent, mut has_threads, mut next) = (me, false, 0);
    loop {
        each_child(parent, has_threads, |child| {
            if let Some(one) = hold(child, parent, me) {
                held.push(one);
            }
        });
        // Each descendant may have children itself.
        let Some(one) = held.as_slice().get(next) else { return Ok(held) };
        (parent, has_threads, next) = (one.pid, one.has_threads, next + 1);
    }
}

/// Opens a child first and checks it second. An orphaned child is a child of
/// this process now, which is as good.
fn hold(child: Pid, parent: Pid, me: Pid) -> Option<Held> {
    let handle = pidfd_open(child, PidfdFlags::empty()).ok()?;
    let now = facts_of(child)?;
    (now.parent == parent || now.parent == me).then_some(Held { pid: child, handle, has_threads: now.has_threads })
}

/// The children of all threads of a process.
fn each_child(parent: Pid, has_threads: bool, mut each: impl FnMut(Pid)) {
    // Most processes have one thread, so the threads need no search.
    if !has_threads {
        let pid = parent.as_raw_nonzero();
        let list = Path::new(format_args!("/proc/{pid}/task/{pid}/children"));
        if let Ok(list) = open_at(CWD, list.as_c_str()) {
            each_number_of(&list, each);
            return;
        }
    }
    let threads = Path::new(format_args!("/proc/{}/task", parent.as_raw_nonzero()));
    each_number_in(threads.as_c_str(), |folder, thread| {
        let list = Path::new(format_args!("{}/children", thread.as_raw_nonzero()));
        match open_at(folder, list.as_c_str()) {
            Ok(list) => each_number_of(&list, &mut each),
            // A kernel built without these lists, unless the thread has exited.
            Err(_) if open_at(folder, Path::new(format_args!("{}", thread.as_raw_nonzero())).as_c_str()).is_ok() => {
                each_child_by_search(parent, &mut each);
                return false;
            }
            Err(_) => {}
        }
        true
    });
}

fn each_child_by_search(parent: Pid, mut each: impl FnMut(Pid)) {
    each_number_in(c"/proc", |_, pid| {
        if facts_of(pid).is_some_and(|facts| facts.parent == parent) {
            each(pid);
        }
        true
    });
}

/// Calls `each` for the entries of a folder that are numbers, until `each` returns `false`.
fn each_number_in(folder: &CStr, mut each: impl FnMut(&OwnedFd, Pid) -> bool) {
    let Ok(folder) = open_at(CWD, folder) else { return };
    let mut room = [MaybeUninit::uninit(); 2048];
    let mut entries = RawDir::new(&folder, &mut room);
    while let Some(Ok(entry)) = entries.next() {
        let number = entry.file_name().to_str().ok().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        if number.is_some_and(|number| !each(&folder, number)) {
            return;
        }
    }
}

/// The numbers in a file, each followed by a space.
fn each_number_of(file: &OwnedFd, mut each: impl FnMut(Pid)) {
    let mut number = 0;
    let mut room = [0; 1024];
    while let Ok(length @ 1..) = retried(|| read(file, &mut room)) {
        for byte in &room[..length] {
            if byte.is_ascii_digit() {
                number = number * 10 + i32::from(byte - b'0');
            } else if let Some(pid) = Pid::from_raw(core::mem::take(&mut number)) {
                each(pid);
            }
        }
    }
}

fn facts_of(pid: Pid) -> Option<Facts> {
    let file = open_at(CWD, Path::new(format_args!("/proc/{}/stat", pid.as_raw_nonzero())).as_c_str()).ok()?;
    let mut room = [0; 512];
    let length = retried(|| read(&file, &mut room)).ok()?;
    let stat = &room[..length];
    // The name stands in parentheses and may itself contain parentheses.
    let after_name = &stat[stat.iter().rposition(|byte| *byte == b')')? + 1..];
    let mut fields = after_name.split(|byte| *byte == b' ').filter(|field| !field.is_empty());
    // The fourth and the twentieth of all, of which the first two are the pid and the name.
    let mut number = |at| core::str::from_utf8(fields.nth(at)?).ok()?.parse().ok();
    let (parent, threads) = (number(1)?, number(15)?);
    Some(Facts { parent: Pid::from_raw(parent)?, has_threads: threads != 1 })
}

fn open_at(folder: impl rustix::fd::AsFd, path: &CStr) -> io::Result<OwnedFd> {
    openat(folder, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

fn retried<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(Errno::INTR) => {}
            other => return other,
        }
    }
}
