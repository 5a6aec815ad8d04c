//! The process table.

use crate::identity::start_mark;
use crate::{Link, StartMark};
use std::mem::{MaybeUninit, size_of};
use std::ptr::null_mut;

/// Space for processes that start during the listing.
const SPARE: usize = 256;

/// Returns all processes that this user may inspect, except zombies.
pub fn links() -> Vec<Link> {
    pids().into_iter().filter_map(link).collect()
}

fn pids() -> Vec<libc::pid_t> {
    // SAFETY: without a buffer the call tells how many there are.
    let count = unsafe { libc::proc_listallpids(null_mut(), 0) };
    let mut pids = vec![0; usize::try_from(count).unwrap_or(0) + SPARE];
    let size = libc::c_int::try_from(size_of_val(pids.as_slice())).unwrap_or(libc::c_int::MAX);
    // SAFETY: the buffer is writable for the `size` bytes that the call is told of.
    let count = unsafe { libc::proc_listallpids(pids.as_mut_ptr().cast(), size) };
    pids.truncate(usize::try_from(count).unwrap_or(0));
    pids
}

fn link(pid: libc::pid_t) -> Option<Link> {
    let size = libc::c_int::try_from(size_of::<libc::proc_bsdinfo>()).ok()?;
    let mut info = MaybeUninit::<libc::proc_bsdinfo>::uninit();
    // SAFETY: the buffer is writable for the `size` bytes that the call is told of.
    let written = unsafe { libc::proc_pidinfo(pid, libc::PROC_PIDTBSDINFO, 0, info.as_mut_ptr().cast(), size) };
    if written != size {
        return None;
    }
    // SAFETY: the call has just filled the whole structure, and every bit pattern of it is valid.
    let info = unsafe { info.assume_init() };
    Some(Link {
        pid: info.pbi_pid,
        parent: info.pbi_ppid,
        group: Some(info.pbi_pgid),
        session: None,
        start: StartMark(info.pbi_start_tvsec * 1_000_000 + info.pbi_start_tvusec),
    })
}

/// Returns the arguments and the environment of a process. Empty if the system hides them, or if the pid means another
/// process.
pub fn procargs(pid: u32) -> Vec<u8> {
    let Ok(number) = libc::c_int::try_from(pid) else { return Vec::new() };
    let Ok(before) = start_mark(pid) else { return Vec::new() };
    let mut names = [libc::CTL_KERN, libc::KERN_PROCARGS2, number];
    let mut size = argument_limit();
    let mut bytes = vec![0_u8; size];
    // SAFETY: the three names and the buffer are as long as the call is told, and `size` may be written to.
    let done = unsafe { libc::sysctl(names.as_mut_ptr(), 3, bytes.as_mut_ptr().cast(), &raw mut size, null_mut(), 0) };
    if done != 0 || start_mark(pid).ok() != Some(before) {
        return Vec::new();
    }
    bytes.truncate(size);
    bytes
}

/// Returns the most bytes of arguments and environment.
fn argument_limit() -> usize {
    let mut names = [libc::CTL_KERN, libc::KERN_ARGMAX];
    let mut limit: libc::c_int = 0;
    let mut size = size_of::<libc::c_int>();
    // SAFETY: the two names are as long as the call is told, and so is the number that it writes.
    let done = unsafe { libc::sysctl(names.as_mut_ptr(), 2, (&raw mut limit).cast(), &raw mut size, null_mut(), 0) };
    usize::try_from(limit).ok().filter(|limit| done == 0 && *limit > 0).unwrap_or(1 << 20)
}
