//! Linux: each tree hangs below a warden, a small process that ends it when we ask for it or die.
//!
//! The kernel hands the tree's orphans to the warden, so whatever the tree does, it stays below it. What we know of the
//! command, we know from the warden's reports; that nobody of the tree is left, from the end of the reports.

mod able;
mod child;
#[allow(dead_code, reason = "each side uses its half")]
#[path = "../../../../warden/src/protocol.rs"]
mod protocol;
mod spawn;

use super::exit_status::ExitStatus;
use super::members::Origin;
use super::reap::Reaped;
use super::spec::Spec;
use super::started::Started;
use super::table_tree::TableTree;
use crate::process::cgroup::Group;
use crate::process::host::{Proc, host};
use crate::process::identity::{StartMark, start_mark};
use crate::process::tag::{Instance, Tag};
pub use able::{able, is_known_unable};
use child::Child;
use protocol::{PACKET, Report, TerminateOrder};
use rustix::process::Signal;
pub use spawn::Refusal;
use spawn::{Pipes, Spawned};
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// How long the warden may take with its kills before they are done for it.
const WARDEN_WAIT: Duration = Duration::from_secs(1);

/// The command that was started, and the warden above it.
#[derive(Debug)]
pub struct Root {
    pid: u32,
    exit_status: Option<ExitStatus>,
    /// The warden itself has told of it.
    is_exit_reported: bool,
    reports: Reports,
    warden: Child,
    /// Whether the warden ended as it should, with nobody left, once it has been waited for.
    was_orderly: Option<bool>,
    cpu_time: Duration,
    tag: Tag,
    group: Option<Group>,
    /// The warden stays after the end of its reports, and is nobody's concern any more.
    leaves_reaper: bool,
}

/// What the warden says, until it has nothing more to say.
#[derive(Debug)]
struct Reports {
    channel: UnixStream,
    packet: [u8; PACKET],
    filled: usize,
}

/// Starts the tree below a warden of its own, by `posix_spawn`.
///
/// # Errors
/// Nothing was started, or it has ended again.
pub async fn start(spec: &Spec) -> Result<Started<Root>, Refusal> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let mut spawned = spawn::spawn(spec, &tag)?;
    let Connected { reports, stdin, stdout, stderr } = match connect(&mut spawned.child, spawned.pipes) {
        Ok(connected) => connected,
        Err(error) => {
            // Its channel is closed, so it ends whatever it has started.
            spawned.child.wait().await;
            return Err(error.into());
        }
    };
    let Spawned { child: warden, group, .. } = spawned;
    let leaves_reaper = spawn::leaves_reaper(spec);
    let mut root = Root {
        pid: 0,
        exit_status: None,
        is_exit_reported: false,
        reports,
        warden,
        was_orderly: None,
        cpu_time: Duration::ZERO,
        tag,
        group,
        leaves_reaper,
    };
    match root.reports.next().await {
        Some(Report::Started(pid)) => root.pid = pid.unsigned_abs(),
        Some(Report::NotStarted(errno)) => {
            root.reap().await;
            return Err(io::Error::from_raw_os_error(errno).into());
        }
        Some(Report::NoWarden(errno)) => {
            root.reap().await;
            return Err(Refusal::Warden(io::Error::from_raw_os_error(errno)));
        }
        _ => {
            root.terminate(Duration::ZERO).await;
            return Err(Refusal::Warden(io::Error::other("the warden above it was ended before it had started it")));
        }
    }
    able::note_able();
    Ok(Started { stdin, stdout, stderr, root })
}

/// What connects us with a warden and its command, known to the runtime.
struct Connected {
    reports: Reports,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

/// Takes hold of a warden that was just started; what fails closes all that connects us with it.
fn connect(child: &mut Child, pipes: Pipes) -> io::Result<Connected> {
    let Pipes { stdin, stdout, stderr, channel } = pipes;
    child.hold()?;
    channel.set_nonblocking(true)?;
    Ok(Connected {
        reports: Reports { channel: UnixStream::from_std(channel)?, packet: [0; PACKET], filled: 0 },
        stdin: ChildStdin::from_std(stdin.into())?,
        stdout: ChildStdout::from_std(stdout.into())?,
        stderr: ChildStderr::from_std(stderr.into())?,
    })
}

impl Root {
    /// The command's own pid.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Who is above all of the tree until its end: the warden.
    pub fn topmost_pid(&self) -> u32 {
        self.warden.pid().unwrap_or(self.pid)
    }

    /// The processor time of the tree, and of its warden, once it has ended. Who was neither waited for nor left to the warden
    /// is missing.
    pub fn cpu_time(&self) -> Duration {
        self.cpu_time
    }

    /// Waits until the command has exited, and tells how. Dropping the future changes nothing.
    pub async fn wait_root(&mut self) -> ExitStatus {
        while self.exit_status.is_none() {
            let report = self.reports.next().await;
            self.exit_status = Some(match report {
                Some(Report::Exited(code)) => ExitStatus { code: Some(code), signal: None },
                Some(Report::Signaled(signal)) => ExitStatus { code: None, signal: Some(signal) },
                Some(_) => continue,
                // The warden was killed; the kernel has then killed the command.
                None => ExitStatus { code: None, signal: Some(Signal::KILL.as_raw()) },
            });
            self.is_exit_reported = report.is_some();
        }
        self.exit_status.unwrap_or_default()
    }

    /// Waits for the rest of the tree to end by itself, at most for `patience`; tells whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        tokio::time::timeout(timeout, self.reap()).await.is_ok_and(|was_orderly| was_orderly)
    }

    /// The processes of the tree that are there now, without the warden; the root where no process table shows them.
    pub async fn pids(&mut self) -> Vec<u32> {
        if host().proc != Proc::Own {
            return if self.exit_status.is_none() { vec![self.pid] } else { Vec::new() };
        }
        let warden = self.warden.pid();
        let mut pids = self.in_table().pids().await;
        pids.retain(|pid| Some(*pid) != warden);
        pids
    }

    /// Ends the whole tree: SIGTERM, `grace`, SIGKILL. Returns when nobody is left.
    pub async fn terminate(&mut self, grace: Duration) {
        self.leaves_reaper = false;
        let order = TerminateOrder { grace: u32::try_from(grace.as_millis()).unwrap_or(u32::MAX) };
        // A warden that has gone takes no orders, and needs none.
        let _ = self.reports.channel.try_write(&order.to_bytes());
        let mut timeout = grace.saturating_add(WARDEN_WAIT);
        loop {
            // Whatever has stopped it may do so again.
            self.warden.wake();
            if self.wait(timeout).await {
                return;
            }
            // Without a process table only the warden can find the tree, for as long as it lives.
            if host().proc == Proc::Own || self.was_orderly.is_some() {
                break;
            }
            timeout = WARDEN_WAIT;
        }
        // The warden is stopped, or was killed: what it would have done is done from here, as far as it can be.
        if let Some(group) = &self.group {
            group.kill().await;
            self.cpu_time = group.cpu_time().unwrap_or_default();
        }
        self.in_table().kill().await;
        self.reap().await;
    }

    /// The tree as the process table can show it: below the warden, or by the tag alone when that has been waited for.
    fn in_table(&self) -> TableTree {
        let warden = self.warden.pid().and_then(|pid| Some((pid, start_mark(pid).ok()?)));
        let (pid, start) = warden.unwrap_or((0, StartMark::HIDDEN));
        TableTree::new(Origin { pid, start, held: warden.is_some() }, self.tag.clone())
    }

    /// Waits for the warden's end and lets go of its pid; tells whether it left nobody behind.
    async fn reap(&mut self) -> bool {
        self.wait_root().await;
        while self.reports.next().await.is_some() {}
        if self.leaves_reaper && self.is_exit_reported {
            return true;
        }
        if self.was_orderly.is_none() {
            let Reaped { exit_status, cpu_time } = self.warden.wait().await.unwrap_or_default();
            self.was_orderly = Some(exit_status.code == Some(0));
            self.cpu_time = self.cpu_time.max(cpu_time);
        }
        self.was_orderly.unwrap_or_default()
    }
}

impl Reports {
    /// The next report; `None` when there will be no more. Dropping the future loses nothing.
    async fn next(&mut self) -> Option<Report> {
        while self.filled < PACKET {
            match self.channel.read(&mut self.packet[self.filled..]).await {
                Ok(length @ 1..) => self.filled += length,
                _ => return None,
            }
        }
        self.filled = 0;
        Report::from_bytes(&self.packet)
    }
}
