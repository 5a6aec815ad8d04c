//! What the server asked for, as the system hands it over: the strings last as long as the process.

use crate::protocol::{LEAVE_REST, OWN_PROC, REAP_REST};
use core::ffi::{CStr, c_char};
use rustix::process::Pid;

/// How many come before the command's own.
const BEFORE_COMMAND: usize = 7;

/// What happens to the processes that the command leaves behind when it exits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They get time, and are ended.
    End,
    /// They are let go.
    Leave,
    /// They are let go, and reaped by the warden.
    Reap,
}

/// `procward-warden SERVER_PID end|leave|reap proc|noproc CGROUP DIRECTORY PROGRAM NAME [ARGUMENT…]`
#[derive(Clone, Copy)]
pub struct Arguments {
    /// Who started this process.
    pub server: Pid,
    /// What happens to the processes that the command leaves behind.
    pub rest: Rest,
    /// `/proc` shows the processes of this PID namespace.
    pub has_proc: bool,
    /// The folder of the tree's control group, if it has one.
    pub cgroup: Option<&'static CStr>,
    /// Where the command is to run; `None` for here.
    pub directory: Option<&'static CStr>,
    /// The file to execute.
    pub program: &'static CStr,
    /// The command's name and arguments, ended by a null pointer.
    pub command: *const *const c_char,
    /// The command's environment, likewise.
    pub environment: *const *const c_char,
}

impl Arguments {
    /// Reads them; `None` when there are too few, or no such server can be.
    ///
    /// # Safety
    /// They have to be what the kernel started this process with.
    pub unsafe fn read(count: usize, values: *const *const c_char, environment: *const *const c_char) -> Option<Self> {
        if count <= BEFORE_COMMAND {
            return None;
        }
        // SAFETY: there are so many strings, which nobody changes or frees.
        let at = |index| unsafe { CStr::from_ptr(*values.add(index)) };
        Some(Self {
            server: Pid::from_raw(at(1).to_str().ok()?.parse().ok()?)?,
            rest: match at(2).to_str() {
                Ok(LEAVE_REST) => Rest::Leave,
                Ok(REAP_REST) => Rest::Reap,
                _ => Rest::End,
            },
            has_proc: at(3).to_str() == Ok(OWN_PROC),
            cgroup: Some(at(4)).filter(|folder| !folder.is_empty()),
            directory: Some(at(5)).filter(|folder| !folder.is_empty()),
            program: at(6),
            // SAFETY: there are more, and a null pointer after the last.
            command: unsafe { values.add(BEFORE_COMMAND) },
            environment,
        })
    }
}
