//! What the server asked for, as the system hands it over: the strings last as long as the process.

use core::ffi::{CStr, c_char};
use rustix::process::Pid;

/// How many come before the command's own.
const BEFORE_COMMAND: usize = 6;

/// `procward-warden SERVER_PID end|leave CGROUP DIRECTORY PROGRAM NAME [ARGUMENT…]`
#[derive(Clone, Copy)]
pub struct Arguments {
    /// Who started this process.
    pub server: Pid,
    /// Whether what the command leaves behind is let go.
    pub leaves_rest: bool,
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
            leaves_rest: at(2).to_str() == Ok(crate::protocol::LEAVE_REST),
            cgroup: Some(at(3)).filter(|folder| !folder.is_empty()),
            directory: Some(at(4)).filter(|folder| !folder.is_empty()),
            program: at(5),
            // SAFETY: there are more, and a null pointer after the last.
            command: unsafe { values.add(BEFORE_COMMAND) },
            environment,
        })
    }
}
