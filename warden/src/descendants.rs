//! Everything below this process, by what the kernel says of parents and children.

use nix::unistd::{Pid, getpid};
use rustix::process::{Pid as HeldPid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use std::fs::{read_dir, read_to_string};
use std::os::fd::OwnedFd;

/// A descendant that cannot be mistaken for another process any more.
struct Held(OwnedFd);

/// Sends a signal to every descendant that can be found, and tells whether there was any.
pub fn signal_all(signal: Signal) -> bool {
    let found = all();
    for held in &found {
        let _ = pidfd_send_signal(&held.0, signal);
    }
    !found.is_empty()
}

fn all() -> Vec<Held> {
    let me = getpid();
    let mut held = Vec::new();
    let mut parents = vec![me];
    while let Some(parent) = parents.pop() {
        for child in children_of(parent) {
            if let Some(one) = hold(child, parent, me) {
                held.push(one);
                parents.push(child);
            }
        }
    }
    held
}

/// Opened first and checked second; a child whose parent has just died is ours now, and that is as good.
fn hold(child: Pid, parent: Pid, me: Pid) -> Option<Held> {
    let descriptor = pidfd_open(HeldPid::from_raw(child.as_raw())?, PidfdFlags::empty()).ok()?;
    let now = parent_of(child)?;
    (now == parent || now == me).then_some(Held(descriptor))
}

/// The children of all threads of a process.
fn children_of(parent: Pid) -> Vec<Pid> {
    let mut found = Vec::new();
    let Ok(threads) = read_dir(format!("/proc/{parent}/task")) else { return found };
    for thread in threads.flatten() {
        match read_to_string(thread.path().join("children")) {
            Ok(list) => {
                found.extend(list.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).map(Pid::from_raw));
            }
            // A kernel built without these lists.
            Err(_) if thread.path().exists() => return children_by_search(parent),
            Err(_) => {}
        }
    }
    found
}

fn children_by_search(parent: Pid) -> Vec<Pid> {
    let Ok(processes) = read_dir("/proc") else { return Vec::new() };
    let pids = processes.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw);
    pids.filter(|pid| parent_of(*pid) == Some(parent)).collect()
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may contain anything, also parentheses.
    let after_name = &stat[stat.rfind(')')? + 1..];
    after_name.split_ascii_whitespace().nth(1)?.parse().ok().map(Pid::from_raw)
}
