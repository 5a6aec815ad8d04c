//! Starts a tree while the caller waits, with the caller's descriptors, and takes orders from any thread.

use super::child::Child;
use super::first_report::first_report;
use super::protocol::{Order, PACKET, Report};
use super::spawn::{Refusal, Spawned, spawn};
use super::{Reports, Root, able};
use crate::process::tag::{Instance, Tag};
use crate::process::tree::spec::{Placement, Spec};
use rustix::io::{Errno, write};
use rustix::net::{RecvFlags, recv};
use rustix::process::{Pid, test_kill_process};
use std::io::{self, ErrorKind, pipe};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// The longest wait for a warden that does not start its command.
const LIMIT: Duration = Duration::from_millis(200);

/// Sends orders to the warden of one tree. A warden that has exited takes none.
#[derive(Debug)]
pub struct Orders(OwnedFd);

impl Orders {
    /// Gives orders through a copy of a channel.
    pub(super) fn through(channel: &impl AsFd) -> io::Result<Self> {
        channel.as_fd().try_clone_to_owned().map(Self)
    }

    /// Sends a signal to the root with this pid. Zero only looks whether the root takes signals.
    ///
    /// # Errors
    /// The system's: `EPERM` if the root runs as another user, `EAGAIN` if the warden does not read its orders.
    pub fn signal(&self, root: u32, number: i32) -> io::Result<()> {
        // The look sends nothing, so it does no harm where the root has exited and its pid means another process.
        if let Some(root) = Pid::from_raw(root.cast_signed())
            && let Err(Errno::PERM) = test_kill_process(root)
        {
            return Err(Errno::PERM.into());
        }
        if number == 0 { Ok(()) } else { self.send(Order::Signal(number)) }
    }

    /// Lets the tree outlive the server.
    ///
    /// # Errors
    /// As [`Orders::signal`].
    pub fn let_go(&self) -> io::Result<()> {
        self.send(Order::LetGo)
    }

    fn send(&self, order: Order) -> io::Result<()> {
        match write(&self.0, &order.to_bytes()) {
            // The warden has exited, and so has the root.
            Ok(_) | Err(Errno::PIPE | Errno::CONNRESET) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Takes the order to start the command out of the warden's end of the channel. Returns false if the warden has read the
/// order: the command is being started, and must not be started again.
fn take_back_start(wardens_end: &OwnedFd) -> bool {
    let mut packet = [0; PACKET];
    recv(wardens_end, &mut packet, RecvFlags::DONTWAIT).is_ok_and(|(_, length)| length == PACKET)
}

/// Waits for the report of a warden that is starting its command, as Node.js waits for the start of a child.
fn late_report(channel: &UnixStream, warden: &Child) -> io::Result<Option<Report>> {
    loop {
        match first_report(channel, LIMIT) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => warden.wake(),
            report => return report,
        }
    }
}

/// Starts the tree below a warden of its own, and waits for the root's pid: at most 200 ms until the
/// warden starts the command. Needs the runtime's reactor.
///
/// # Errors
/// No process was started, or it was killed again.
pub fn start_at_once(
    spec: &Spec,
    placement: &Placement,
    descriptors: &[Option<BorrowedFd>],
) -> Result<(Root, Orders), Refusal> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    // Two descriptors are needed after the start, when a failure would be too late: the command may be running, and the
    // caller starts it again.
    let reserve = pipe()?;
    // Dropping the warden waits for its exit in the background. A closed channel makes it kill its tree.
    let Spawned { child: mut warden, group, channel, wardens_end } = spawn(spec, &tag, placement, descriptors)?;
    drop(reserve);
    warden.hold()?;
    let orders = Orders::through(&channel)?;
    let report = match first_report(&channel, LIMIT) {
        Err(error) if error.kind() == ErrorKind::WouldBlock && !take_back_start(&wardens_end) => {
            drop(wardens_end);
            late_report(&channel, &warden)
        }
        report => report,
    };
    match report {
        Ok(Some(Report::Started(pid))) => {
            able::note_able();
            let root = Root::new(pid.unsigned_abs(), Reports::new(channel)?, warden, tag, group, false);
            Ok((root, orders))
        }
        Ok(Some(Report::NotStarted(errno))) => Err(io::Error::from_raw_os_error(errno).into()),
        Ok(Some(Report::NoWarden(errno))) => Err(Refusal::Warden(io::Error::from_raw_os_error(errno))),
        _ => {
            warden.kill();
            Err(Refusal::Warden(Errno::TIMEDOUT.into()))
        }
    }
}
