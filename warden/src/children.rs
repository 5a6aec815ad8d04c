//! Finds and signals the children of this process, without a pidfd and, where necessary, without `/proc`.
//!
//! The kernel waits by pid only for a child. A child that was not reaped keeps its pid, and only this process reaps its
//! children. So a pid that can be waited for means a child until this process reaps it. Killing children until none
//! remains ends the whole tree, because each orphan becomes a child of this process.

use crate::descendants::each_child_of;
use crate::kernel::{fork, leave};
use core::ops::RangeInclusive;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitOptions, getpid, kill_process, kill_process_group, waitid, waitpid,
};

/// The greatest pid.
const GREATEST: i32 = 1 << 22;
/// The least pid of a child, because pid 1 has no parent here.
const LEAST: i32 = 2;

/// The place where children are searched.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Search {
    /// The kernel's list of children below `/proc`.
    List,
    /// Among the numbers given out since this process started.
    Recent,
    /// Among all numbers.
    All,
}

impl Search {
    /// Returns the cheapest search.
    pub fn first(has_proc: bool) -> Self {
        if has_proc { Self::List } else { Self::Recent }
    }

    /// Returns the search after one that found nothing. The kernel's list is complete.
    pub fn next(self) -> Self {
        if self == Self::List { Self::List } else { Self::All }
    }
}

/// Sends a signal to every running child. Returns whether any child took it.
pub fn signal_all(signal: Signal, search: Search) -> bool {
    let mut taken = false;
    let mut send = |child: Pid| {
        if is_running_child(child) {
            taken |= kill_process(child, signal).is_ok();
        }
    };
    match search {
        Search::List => each_child_of(getpid(), &mut send),
        Search::Recent => each_recent(&mut send),
        Search::All => each_in(LEAST..=GREATEST, &mut send),
    }
    taken
}

/// Sends a signal to a child that this process has not reaped.
pub fn signal_child(child: Pid, signal: Signal) {
    let _ = kill_process(child, signal);
}

/// Sends a signal to the group of a child that was not reaped, so that the number means no other group.
pub fn signal_group_of(child: Pid, signal: Signal) {
    let _ = kill_process_group(child, signal);
}

fn each_in(numbers: RangeInclusive<i32>, each: &mut impl FnMut(Pid)) {
    numbers.filter_map(Pid::from_raw).for_each(each);
}

/// Returns whether a pid is a running child. The check reaps no child.
fn is_running_child(pid: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(pid), options), Ok(None))
}

/// The kernel gives out numbers in order, and begins again after the greatest.
fn each_recent(each: &mut impl FnMut(Pid)) {
    let me = getpid().as_raw_nonzero().get();
    match latest() {
        Some(latest) if latest > me => each_in(me + 1..=latest, each),
        Some(latest) => {
            each_in(me + 1..=GREATEST, each);
            each_in(LEAST..=latest, each);
        }
        None => each_in(LEAST..=GREATEST, each),
    }
}

/// Returns a pid that was just given out.
fn latest() -> Option<i32> {
    // SAFETY: this process has one thread, and the copy leaves.
    let Some(copy) = (unsafe { fork() }).ok()? else { leave(0) };
    let _ = waitpid(Some(copy), WaitOptions::empty());
    Some(copy.as_raw_nonzero().get())
}
