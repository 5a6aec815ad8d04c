//! Starts a tree while the caller waits, with the caller's descriptors, and takes orders from any thread.

use super::first_report::first_report;
use super::protocol::{Order, Report};
use super::spawn::{Refusal, Spawned, spawn};
use super::{Reports, Root, able};
use crate::process::tag::{Instance, Tag};
use crate::process::tree::spec::{Placement, Spec};
use rustix::io::{Errno, write};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// The longest wait for a warden's first report.
const LIMIT: Duration = Duration::from_millis(200);

/// Sends orders to the warden of one tree. A warden that has exited takes none.
#[derive(Debug)]
pub struct Orders(OwnedFd);

impl Orders {
    /// Gives orders through a copy of a channel.
    pub(super) fn through(channel: &impl AsFd) -> io::Result<Self> {
        channel.as_fd().try_clone_to_owned().map(Self)
    }

    /// Sends a signal to the root. Returns whether the order was taken.
    pub fn signal(&self, number: i32) -> bool {
        self.send(Order::Signal(number))
    }

    /// Lets the tree outlive the server. Returns whether the order was taken.
    pub fn let_go(&self) -> bool {
        self.send(Order::LetGo)
    }

    fn send(&self, order: Order) -> bool {
        write(&self.0, &order.to_bytes()).is_ok()
    }
}

/// Starts the tree below a warden of its own, and waits for the root's pid, at most 200 ms. Needs the runtime's reactor.
///
/// # Errors
/// No process was started, or it was killed again.
pub fn start_at_once(
    spec: &Spec,
    placement: &Placement,
    descriptors: &[Option<BorrowedFd>],
) -> Result<(Root, Orders), Refusal> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    // Dropping the warden waits for its exit in the background. A closed channel makes it kill its tree.
    let Spawned { child: mut warden, group, channel } = spawn(spec, &tag, placement, descriptors)?;
    warden.hold()?;
    let orders = Orders::through(&channel)?;
    match first_report(&channel, LIMIT) {
        Ok(Some(Report::Started(pid))) => {
            able::note_able();
            let root = Root::new(pid.unsigned_abs(), Reports::new(channel)?, warden, tag, group, false);
            Ok((root, orders))
        }
        Ok(Some(Report::NotStarted(errno))) => Err(io::Error::from_raw_os_error(errno).into()),
        Ok(Some(Report::NoWarden(errno))) => Err(Refusal::Warden(io::Error::from_raw_os_error(errno))),
        _ => {
            // Killed, so that the command cannot start after the caller has given up.
            warden.kill();
            Err(Refusal::Warden(Errno::TIMEDOUT.into()))
        }
    }
}
