//! Finds out with the first warden whether this system lets wardens work.

use super::first_report::first_report;
use super::protocol::Report;
use super::spawn::{Refusal, Spawned, spawn_with_pipes};
use crate::process::tag::{Instance, Tag};
use crate::process::tree::spec::{Choices, Outputs, Spec};
use once_cell::sync::OnceCell;
use std::io;
use std::time::Duration;

/// `Err` has what the system refused.
static ABLE: OnceCell<Result<(), Cause>> = OnceCell::new();
/// The longest wait for a silent warden. The limit measures nothing.
const LIMIT: Duration = Duration::from_secs(5);
/// An absolute path, which is not looked up.
const NO_PROGRAM: &str = "/procward/there is no such program";

/// The reason that wardens cannot work: the system's error number, if there was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause(pub Option<i32>);

/// Notes that a warden has started its command.
pub fn note_able() {
    let _ = ABLE.set(Ok(()));
}

/// Returns whether wardens are known not to work here.
pub fn is_known_unable() -> bool {
    matches!(ABLE.get(), Some(Err(_)))
}

/// Returns whether wardens can work. Starts one if this is unknown, and waits for it. A temporary shortage decides
/// nothing.
///
/// # Errors
/// The reason that wardens cannot work.
pub fn able() -> Result<(), Cause> {
    ABLE.get_or_try_init(attempt).copied().unwrap_or(Ok(()))
}

/// Starts a warden with a command that does not exist. `Err` means a temporary shortage.
fn attempt() -> io::Result<Result<(), Cause>> {
    // No tree has the number zero.
    let tag = Tag { instance: Instance::current().clone(), tree: 0 };
    let spec = Spec {
        command: NO_PROGRAM.into(),
        arguments: Vec::new(),
        directory: None,
        choices: Choices::default(),
        environment: Vec::new(),
        number: tag.tree,
        detached: false,
        guarded: true,
        killed_first: false,
        verbatim: false,
        outputs: Outputs::default(),
    };
    let report = match spawn_with_pipes(&spec, &tag) {
        Ok((Spawned { child, channel, group, wardens_end }, pipes)) => {
            drop(wardens_end);
            let report = first_report(&channel, LIMIT);
            // The warden exits, because its channel is closed.
            drop((channel, pipes));
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

/// Memory, descriptors or processes, of which there may be enough later.
fn is_short(error: &io::Error) -> bool {
    [libc::EAGAIN, libc::ENOMEM, libc::EMFILE, libc::ENFILE].map(Some).contains(&error.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wardens_work_on_this_system() {
        assert_eq!(attempt().expect("nothing is short"), Ok(()));
    }

    #[test]
    fn a_temporary_shortage_decides_nothing() {
        for (errno, expected) in
            [(libc::EAGAIN, true), (libc::EMFILE, true), (libc::EPERM, false), (libc::ENOSYS, false)]
        {
            assert_eq!(is_short(&io::Error::from_raw_os_error(errno)), expected, "{errno}");
        }
    }
}
