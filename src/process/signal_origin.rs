//! Tells a signal of the terminal from one that a process has sent.
//!
//! A terminal signals every process of its foreground group. So a program that passes signals on to a command of its own
//! group must not pass these on, because the command would get them twice.

use rustix::process::{Pid, getpgid, getpgrp};
use std::mem::MaybeUninit;
use std::ptr::null;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// One more than the largest number of a signal that this module knows.
const SIGNALS: usize = 32;
/// `si_code` of a signal that the kernel itself has sent. The C library's headers have it, the `libc` crate has not.
const SI_KERNEL: i32 = 0x80;

static HANDLERS: [OnceLock<libc::sigaction>; SIGNALS] = [const { OnceLock::new() }; SIGNALS];
static IS_OF_KERNEL: [AtomicBool; SIGNALS] = [const { AtomicBool::new(false) }; SIGNALS];

/// Notes the origin of each further signal of this number, before the handler that is installed now is called. Does
/// nothing for a signal without a handler.
pub fn note_origins(signal: i32) {
    let Some(handler) = usize::try_from(signal).ok().and_then(|at| HANDLERS.get(at)) else { return };
    let mut before = MaybeUninit::uninit();
    // SAFETY: the call only writes the present action to the given place.
    if unsafe { libc::sigaction(signal, null(), before.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: the call has succeeded.
    let before: libc::sigaction = unsafe { before.assume_init() };
    let has_handler = ![libc::SIG_DFL, libc::SIG_IGN].contains(&before.sa_sigaction);
    if !has_handler || handler.set(before).is_err() {
        return;
    }
    let noting = note as extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
    let action =
        libc::sigaction { sa_sigaction: noting as usize, sa_flags: before.sa_flags | libc::SA_SIGINFO, ..before };
    // SAFETY: the new handler is safe at any time: it stores to an atomic, and calls the handler that it replaces.
    unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
}

/// Returns whether the last signal of this number came from the terminal, and reached process `pid` too.
pub fn terminal_reached(signal: i32, pid: u32) -> bool {
    let is_of_kernel = usize::try_from(signal).ok().and_then(|at| IS_OF_KERNEL.get(at));
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    is_of_kernel.is_some_and(|it| it.load(Ordering::Acquire))
        && pid.is_some_and(|pid| getpgid(Some(pid)).is_ok_and(|group| group == getpgrp()))
}

extern "C" fn note(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let at = usize::try_from(signal).unwrap_or_default();
    // SAFETY: the kernel gives a valid description, because of SA_SIGINFO.
    let is_of_kernel = unsafe { (*info).si_code } == SI_KERNEL;
    if let Some(place) = IS_OF_KERNEL.get(at) {
        place.store(is_of_kernel, Ordering::Release);
    }
    let Some(before) = HANDLERS.get(at).and_then(OnceLock::get) else { return };
    if before.sa_flags & libc::SA_SIGINFO == 0 {
        // SAFETY: without SA_SIGINFO the address is that of a handler with one argument.
        let handler: extern "C" fn(i32) = unsafe { std::mem::transmute(before.sa_sigaction) };
        handler(signal);
    } else {
        type Handler = extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void);
        // SAFETY: with SA_SIGINFO the address is that of a handler with three arguments.
        let handler: Handler = unsafe { std::mem::transmute(before.sa_sigaction) };
        handler(signal, info, context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU32;

    static CALLS: AtomicU32 = AtomicU32::new(0);

    extern "C" fn count(_: i32) {
        CALLS.fetch_add(1, Ordering::Relaxed);
    }

    #[test]
    fn the_replaced_handler_is_called_and_a_sent_signal_is_not_the_terminals() {
        let signal = libc::SIGWINCH;
        let handler = count as extern "C" fn(i32);
        // SAFETY: the handler only counts.
        unsafe { libc::signal(signal, handler as usize) };
        note_origins(signal);
        note_origins(signal);
        // SAFETY: a signal to this thread, which has a handler.
        unsafe { libc::raise(signal) };
        assert_eq!(CALLS.load(Ordering::Relaxed), 1);
        assert!(!terminal_reached(signal, std::process::id()));
        for number in [-1, 0, 32, 1000] {
            note_origins(number);
            assert!(!terminal_reached(number, std::process::id()));
        }
    }
}
