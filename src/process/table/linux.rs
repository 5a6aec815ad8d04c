//! Linux: procfs. Each process is read through one descriptor of its folder, so that all facts are from one process.

mod age;
mod facts;
mod hosts;
mod info;
mod program;

use super::{CommandLines, Link, Snapshot};
use crate::process::host::{Proc, host};
use crate::process::proc_files::{open, system_error};
use crate::process::tag::Tag;
use facts::{environment, link, stat};
use procfs::process::{Process, Stat};
use std::fs::read_dir;
use std::io;
use std::panic::resume_unwind;
use std::thread;

/// The number of processes from which two threads read faster than one. The kernel does nearly all of the work.
const WORTH_TWO_THREADS: usize = 256;

/// Returns all processes except zombies.
///
/// # Errors
/// The system's error when processes cannot be listed, or `Unsupported` when `/proc` shows another PID namespace.
pub fn links() -> io::Result<Vec<Link>> {
    Ok(visit(|_, stat| link(&stat))?.each)
}

/// Returns the tag in a process's environment, if the environment can be read. For pids from [`links`].
pub fn tag_of(pid: u32) -> Option<Tag> {
    environment(&open(pid).ok()?).ok()?.tag
}

/// Returns all processes except zombies, and the facts about each.
///
/// # Errors
/// As [`links`].
pub fn snapshot(command_lines: CommandLines) -> io::Result<Snapshot> {
    // Taken before the list, so that a process that is missing from the list is younger than its age says.
    let ages = age::Ages::now();
    let (me, programs) = (rustix::process::geteuid().as_raw(), program::Programs::default());
    let reader = info::Reader { me, ages, programs, command_lines };
    let mut seen = visit(|process, stat| reader.read(process, stat))?;
    hosts::find(&mut seen.each);
    // `hidepid` hides other users' processes, and pid 1 with them.
    Ok(Snapshot::of(seen.each, &seen.zombies, seen.complete && seen.first))
}

/// Begins to note the machine's sleeps, see [`age::Ages::now`].
pub fn note_time() {
    age::Ages::now();
}

/// The results of a visit of some processes.
struct Seen<T> {
    each: Vec<T>,
    /// No process was hidden.
    complete: bool,
    /// Pid 1 was among the processes.
    first: bool,
    /// The pids of zombies.
    zombies: Vec<u32>,
}

/// Calls `each` for every process except zombies.
fn visit<T: Send>(each: impl Fn(&Process, Stat) -> T + Sync) -> io::Result<Seen<T>> {
    refuse_foreign_proc()?;
    let pids = pids()?;
    match pids.split_at(pids.len() / 2) {
        (one, other) if pids.len() >= WORTH_TWO_THREADS => see_both(one, other, each),
        _ => see(&pids, each),
    }
}

fn see_both<T: Send>(one: &[i32], other: &[i32], each: impl Fn(&Process, Stat) -> T + Sync) -> io::Result<Seen<T>> {
    thread::scope(|scope| {
        let beside = || see(other, &each);
        // If no thread can be started, this thread reads all processes.
        let thread = thread::Builder::new().spawn_scoped(scope, beside).ok();
        let mut seen = see(one, &each)?;
        let rest = thread.map_or_else(beside, |thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))?;
        seen.each.extend(rest.each);
        seen.zombies.extend(rest.zombies);
        seen.complete &= rest.complete;
        seen.first |= rest.first;
        Ok(seen)
    })
}

fn pids() -> io::Result<Vec<i32>> {
    let mut pids = Vec::new();
    for entry in read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<i32>().ok()));
    }
    Ok(pids)
}

fn see<T>(pids: &[i32], each: impl Fn(&Process, Stat) -> T) -> io::Result<Seen<T>> {
    let mut seen = Seen { each: Vec::with_capacity(pids.len()), complete: true, first: false, zombies: Vec::new() };
    for pid in pids {
        let opened = Process::new(*pid).map_err(system_error);
        match opened.and_then(|process| Ok((stat(&process)?, process))) {
            Ok((stat, process)) => {
                seen.first |= stat.pid == 1;
                if matches!(stat.state, 'Z' | 'X') {
                    seen.zombies.push(stat.pid.unsigned_abs());
                } else {
                    seen.each.push(each(&process, stat));
                }
            }
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => {}
                io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidData => seen.complete = false,
                _ => return Err(error),
            },
        }
    }
    Ok(seen)
}

/// Fails where `/proc` was mounted for another PID namespace, because its numbers mean other processes here.
fn refuse_foreign_proc() -> io::Result<()> {
    let why = match host().proc {
        Proc::Own => return Ok(()),
        Proc::Foreign => "/proc belongs to another PID namespace",
        Proc::Missing => "/proc is not mounted",
    };
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_threads_read_the_same_table_as_one() {
        let me = i32::try_from(std::process::id()).expect("it is one");
        let nobody = i32::MAX;
        for (one, other) in [(&[1][..], &[me][..]), (&[me, nobody], &[1]), (&[], &[1, me]), (&[nobody], &[])] {
            let both = see_both(one, other, |_, stat| link(&stat)).expect("they can be seen");
            let all = see(&[one, other].concat(), |_, stat| link(&stat)).expect("they can be seen");
            assert_eq!((both.each, both.complete, both.first), (all.each, all.complete, all.first));
        }
    }
}
