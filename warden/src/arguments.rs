//! The server's order, as the kernel passes the arguments. The strings last as long as the process.

use crate::protocol::{LEAVE_REST, NEW_SESSION, OWN_GROUP, OWN_PROC, REAP_REST};
use core::ffi::{CStr, c_char};
use rustix::fd::RawFd;
use rustix::process::{Gid, Pid, Uid};

/// The number of arguments before the command's own.
const BEFORE_COMMAND: usize = 12;

/// The treatment of the processes that the command leaves behind at its exit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// They get a grace, and are ended.
    End,
    /// They are left alone.
    Leave,
    /// They are left alone, and the warden reaps them.
    Reap,
}

/// The process group of the command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// A new one.
    Own,
    /// A new one in a new session.
    Session,
    /// The group with this number, which other processes share.
    Shared(Pid),
}

/// The arguments, in the order of `main.rs`.
#[derive(Clone, Copy)]
pub struct Arguments {
    /// The server that started this process.
    pub server: Pid,
    /// The socket to the server. All lower descriptors are the command's.
    pub channel: RawFd,
    /// The process group of the command.
    pub group: Group,
    /// The user that the command runs as, if not the server's.
    pub user: Option<Uid>,
    /// The group that the command runs as, if not the server's.
    pub group_id: Option<Gid>,
    /// The treatment of the processes that the command leaves behind.
    pub rest: Rest,
    /// `/proc` shows the processes of this PID namespace.
    pub has_proc: bool,
    /// The folder of the tree's control group, if the tree has one.
    pub cgroup: Option<&'static CStr>,
    /// The number for the command's `oom_score_adj`, if it gets one of its own.
    pub oom_score: Option<&'static CStr>,
    /// The working directory, or `None` for the current one.
    pub directory: Option<&'static CStr>,
    /// The file to execute.
    pub program: &'static CStr,
    /// The command's name and arguments, ended by a null pointer.
    pub command: *const *const c_char,
    /// The command's environment, ended by a null pointer.
    pub environment: *const *const c_char,
}

impl Arguments {
    /// Reads the arguments. `None` if there are too few, or if the server's pid is impossible.
    ///
    /// # Safety|The arguments must be those that the kernel started this process with.
    pub unsafe fn read(count: usize, values: *const *const c_char, environment: *const *const c_char) -> Option<Self> {
        if count <= BEFORE_COMMAND {
            return None;
        }
        // SAFETY: there are more strings than the index, and no code changes or frees them.
        let at = |index| unsafe { CStr::from_ptr(*values.add(index)) };
        let number = |index| at(index).to_str().ok()?.parse().ok();
        let id = |index| at(index).to_str().ok()?.parse::<u32>().ok();
        Some(Self {
            server: Pid::from_raw(number(1)?)?,
            channel: number(6)?,
            group: match at(7).to_str() {
                Ok(OWN_GROUP) => Group::Own,
                Ok(NEW_SESSION) => Group::Session,
                _ => Group::Shared(Pid::from_raw(number(7)?)?),
            },
            user: id(8).map(Uid::from_raw),
            group_id: id(9).map(Gid::from_raw),
            rest: match at(2).to_str() {
                Ok(LEAVE_REST) => Rest::Leave,
                Ok(REAP_REST) => Rest::Reap,
                _ => Rest::End,
            },
            has_proc: at(3).to_str() == Ok(OWN_PROC),
            cgroup: Some(at(4)).filter(|folder| !folder.is_empty()),
            oom_score: Some(at(5)).filter(|score| !score.is_empty()),
            directory: Some(at(10)).filter(|folder| !folder.is_empty()),
            program: at(11),
            // SAFETY: there are more, and a null pointer after the last.
            command: unsafe { values.add(BEFORE_COMMAND) },
            environment,
        })
    }
}
