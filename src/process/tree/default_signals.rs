//! The default disposition of SIGXFSZ for commands that the standard library starts.
//!
//! Node.js ignores SIGPIPE and SIGXFSZ, and a command inherits what is ignored. The standard library resets SIGPIPE
//! alone. The kernel resets every signal with a handler, so SIGXFSZ gets a handler that does nothing. In this process
//! that is the same as ignoring the signal: the write that is too long fails.

use std::mem::MaybeUninit;
use std::ptr::{null, null_mut};

/// Replaces an ignored SIGXFSZ by a handler that does nothing.
pub fn undo_ignored() {
    let mut before = MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: the call only writes the present action to the given place.
    if unsafe { libc::sigaction(libc::SIGXFSZ, null(), before.as_mut_ptr()) } != 0 {
        return;
    }
    // SAFETY: the call has succeeded.
    let before = unsafe { before.assume_init() };
    if before.sa_sigaction != libc::SIG_IGN {
        return;
    }
    let nothing = nothing as extern "C" fn(i32);
    let action = libc::sigaction { sa_sigaction: nothing as usize, sa_flags: libc::SA_RESTART, ..before };
    // SAFETY: the new handler does nothing.
    unsafe { libc::sigaction(libc::SIGXFSZ, &raw const action, null_mut()) };
}

extern "C" fn nothing(_: i32) {}
