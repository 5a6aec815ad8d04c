//! Whether this system lets a warden do its work, found out by the first one.

use super::protocol::{PACKET, Report};
use super::spawn::{Refusal, Spawned, spawn};
use crate::process::tag::{Instance, Tag};
use crate::process::tree::spec::Spec;
use once_cell::sync::OnceCell;
use std::io::{self, ErrorKind, Read as _};
use std::time::Duration;

/// `Err` has what the system refused.
static ABLE: OnceCell<Result<(), Cause>> = OnceCell::new();
/// No measurement, only an end to waiting for a warden that says nothing.
const LIMIT: Duration = Duration::from_secs(5);
/// An absolute path, which is not looked up.
const NO_PROGRAM: &str = "/procward/there is no such program";

/// Why a warden cannot do its work: the system's error number, where there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause(pub Option<i32>);

/// Notes that a warden has started its command.
pub fn note_able() {
    let _ = ABLE.set(Ok(()));
}

/// Whether it is known that no warden can do its work here.
pub fn is_known_unable() -> bool {
    matches!(ABLE.get(), Some(Err(_)))
}

/// Whether wardens can do their work. Starts one when it is not known yet, and waits for it; what is only short for the
/// moment decides nothing.
///
/// # Errors
/// The cause why wardens cannot.
pub fn able() -> Result<(), Cause> {
    ABLE.get_or_try_init(attempt).copied().unwrap_or(Ok(()))
}

/// `Err` when it cannot be told for now.
fn attempt() -> io::Result<Result<(), Cause>> {
    // No tree has the number zero.
    let tag = Tag { instance: Instance::current().clone(), tree: 0 };
    let spec = Spec {
        command: NO_PROGRAM.into(),
        arguments: Vec::new(),
        directory: None,
        environment: Vec::new(),
        number: tag.tree,
        detached: false,
        guarded: true,
    };
    let report = match spawn(&spec, &tag) {
        Ok(Spawned { child, pipes, group }) => {
            let report = report_of(&pipes.channel);
            // Its channel is closed, so it ends.
            drop(pipes);
            child.wait_blocking();
            drop(group);
            report?
        }
        Err(Refusal::Command(error)) => return Err(error),
        Err(Refusal::Warden(error)) if is_short(&error) => return Err(error),
        Err(Refusal::Warden(error)) => return Ok(Err(Cause(error.raw_os_error()))),
    };
    match report {
        Some(Report::NotStarted(_)) => Ok(Ok(())),
        Some(Report::NoWarden(errno)) => {
            let error = io::Error::from_raw_os_error(errno);
            if is_short(&error) { Err(error) } else { Ok(Err(Cause(Some(errno)))) }
        }
        _ => Ok(Err(Cause(None))),
    }
}

/// `None` from a warden that was ended before it could say anything.
fn report_of(mut channel: &std::os::unix::net::UnixStream) -> io::Result<Option<Report>> {
    channel.set_read_timeout(Some(LIMIT))?;
    let mut packet = [0; PACKET];
    match channel.read_exact(&mut packet) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Report::from_bytes(&packet)),
    }
}

/// Memory, descriptors or processes, of which there may be enough later.
fn is_short(error: &io::Error) -> bool {
    [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE].map(Some).contains(&error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn here_wardens_can_do_their_work() {
        assert_eq!(attempt().expect("nothing is short"), Ok(()));
    }

    #[test]
    fn what_is_short_for_now_decides_nothing() {
        for (errno, expected) in
            [(libc::EAGAIN, true), (libc::EMFILE, true), (libc::EPERM, false), (libc::ENOSYS, false)]
        {
            assert_eq!(is_short(&io::Error::from_raw_os_error(errno)), expected, "{errno}");
        }
    }
}
