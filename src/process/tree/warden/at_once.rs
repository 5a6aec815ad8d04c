//! Starts a tree while the caller waits, with the caller's descriptors, and takes orders from any thread.

use super::protocol::{Order, PACKET, Report};
use super::spawn::{Refusal, Spawned, spawn};
use super::{Reports, Root, able};
use crate::process::tag::{Instance, Tag};
use crate::process::tree::spec::{Placement, Spec};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, write};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The longest wait for a warden's first report.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Sends orders to the warden of one tree. A warden that has exited takes none.
#[derive(Debug)]
pub struct Orders(OwnedFd);

impl Orders {
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
    let orders = Orders(channel.as_fd().try_clone_to_owned()?);
    match first_report(&channel)? {
        Some(Report::Started(pid)) => {
            able::note_able();
            let root = Root::new(pid.unsigned_abs(), Reports::new(channel)?, warden, tag, group, false);
            Ok((root, orders))
        }
        Some(Report::NotStarted(errno)) => Err(io::Error::from_raw_os_error(errno).into()),
        Some(Report::NoWarden(errno)) => Err(Refusal::Warden(io::Error::from_raw_os_error(errno))),
        _ => {
            // Killed, so that the command cannot start after the caller has given up.
            warden.kill();
            Err(Refusal::Warden(Errno::TIMEDOUT.into()))
        }
    }
}

/// Reads the first report. Returns `None` if there is none in time.
fn first_report(channel: &UnixStream) -> io::Result<Option<Report>> {
    let mut packet = [0; PACKET];
    let mut waiting = [PollFd::new(channel, PollFlags::IN)];
    loop {
        match poll(&mut waiting, Some(&LONGEST_WAIT)) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // The warden writes a packet at once.
    let length = read(channel, &mut packet)?;
    Ok(Report::from_bytes(&packet[..length]))
}
