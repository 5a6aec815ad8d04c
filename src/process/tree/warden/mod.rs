//! Linux: each tree hangs below a warden. A warden is a small process that ends the tree on our order or on our death.
//!
//! The kernel hands the tree's orphans to the warden, so no process can leave it. The warden's reports tell about the
//! command. The end of the reports says that every process of the tree has exited.

mod able;
mod at_once;
mod child;
mod first_report;
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
pub use at_once::{Orders, start_at_once};
use child::Child;
use protocol::{Order, PACKET, Report};
use rustix::process::Signal;
pub use spawn::Refusal;
use spawn::{Pipes, Spawned};
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::UnixStream;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// The time that the warden may take for its kills before the server kills instead.
const WARDEN_WAIT: Duration = Duration::from_secs(1);

/// The root of a tree, and the warden above it.
#[derive(Debug)]
pub struct Root {
    pid: u32,
    exit_status: Option<ExitStatus>,
    /// The warden has reported the exit status.
    is_exit_reported: bool,
    reports: Reports,
    warden: Child,
    /// The warden exited in order, with no process left. `None` until the warden is reaped.
    was_orderly: Option<bool>,
    cpu_time: Duration,
    tag: Tag,
    group: Option<Group>,
    /// The warden stays after the end of its reports, only to reap. The server does not wait for it.
    leaves_reaper: bool,
}

/// The warden's reports, until the channel closes.
#[derive(Debug)]
struct Reports {
    channel: UnixStream,
    packet: [u8; PACKET],
    filled: usize,
}

/// Starts the tree below a warden of its own, by `posix_spawn`.
///
/// # Errors
/// No process was started, or it has exited again.
pub async fn start(spec: &Spec) -> Result<Started<Root>, Refusal> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let (Spawned { child: mut warden, group, channel, .. }, pipes) = spawn::spawn_with_pipes(spec, &tag)?;
    let Connected { reports, stdin, stdout, stderr } = match connect(&mut warden, channel, pipes) {
        Ok(connected) => connected,
        Err(error) => {
            // The warden ends its tree, because its channel is closed.
            warden.wait().await;
            return Err(error.into());
        }
    };
    let mut root = Root::new(0, reports, warden, tag, group, spawn::leaves_reaper(spec));
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
            return Err(Refusal::Warden(io::Error::other("the warden was killed before it had started the command")));
        }
    }
    if let Some(number) = spec.choices.first_signal {
        // The warden takes its orders one after the other. One that has exited ends nothing.
        let _ = rustix::io::write(&root.reports.channel, &Order::FirstSignal(number).to_bytes());
    }
    able::note_able();
    Ok(Started { root, stdin, stdout, stderr })
}

/// The channel and the pipes to a warden and its command, registered with the runtime.
struct Connected {
    reports: Reports,
    stdin: ChildStdin,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
}

/// Registers a started warden with the runtime. A failure closes all its pipes.
fn connect(child: &mut Child, channel: std::os::unix::net::UnixStream, pipes: Pipes) -> io::Result<Connected> {
    let Pipes { stdin, stdout, stderr } = pipes;
    child.hold()?;
    Ok(Connected {
        reports: Reports::new(channel)?,
        stdin: ChildStdin::from_std(stdin.into())?,
        stdout: stdout.map(|stdout| ChildStdout::from_std(stdout.into())).transpose()?,
        stderr: stderr.map(|stderr| ChildStderr::from_std(stderr.into())).transpose()?,
    })
}

impl Root {
    fn new(pid: u32, reports: Reports, warden: Child, tag: Tag, group: Option<Group>, leaves_reaper: bool) -> Self {
        Self {
            pid,
            exit_status: None,
            is_exit_reported: false,
            reports,
            warden,
            was_orderly: None,
            cpu_time: Duration::ZERO,
            tag,
            group,
            leaves_reaper,
        }
    }

    /// The command's own pid.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the warden's pid, because the warden is above the whole tree.
    pub fn topmost_pid(&self) -> u32 {
        self.warden.pid().unwrap_or(self.pid)
    }

    /// Returns a way to give orders from any thread.
    ///
    /// # Errors
    /// The system's: this process has no descriptor left.
    pub fn orders(&self) -> io::Result<Orders> {
        Orders::through(&self.reports.channel)
    }

    /// Resumes the warden, if a process has stopped it.
    pub fn wake(&self) {
        self.warden.wake();
    }

    /// Returns the processor time of the exited tree and its warden. Processes that were never reaped are missing.
    pub fn cpu_time(&self) -> Duration {
        self.cpu_time
    }

    /// Waits until the root has exited, and returns its exit status. Dropping the future changes nothing.
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

    /// Waits until the whole tree has exited, at most for `timeout`. Returns whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        tokio::time::timeout(timeout, self.reap()).await.is_ok_and(|was_orderly| was_orderly)
    }

    /// Returns the pids of the tree's running processes without the warden, or the root's where no process table shows
    /// the tree.
    pub async fn pids(&mut self) -> Vec<u32> {
        if host().proc != Proc::Own {
            return if self.exit_status.is_none() { vec![self.pid] } else { Vec::new() };
        }
        let warden = self.warden.pid();
        let mut pids = self.in_table().pids().await;
        pids.retain(|pid| Some(*pid) != warden);
        pids
    }

    /// Terminates the whole tree: SIGTERM, `grace`, SIGKILL. Returns when every process has exited.
    pub async fn terminate(&mut self, grace: Duration) {
        self.leaves_reaper = false;
        let order = Order::Terminate(u32::try_from(grace.as_millis()).unwrap_or(u32::MAX));
        // A warden that has exited takes no orders and needs none.
        let _ = self.reports.channel.try_write(&order.to_bytes());
        let mut timeout = grace.saturating_add(WARDEN_WAIT);
        loop {
            // A process that has stopped the warden may stop it again.
            self.warden.wake();
            if self.wait(timeout).await {
                return;
            }
            // Without a process table only the living warden can find the tree.
            if host().proc == Proc::Own || self.was_orderly.is_some() {
                break;
            }
            timeout = WARDEN_WAIT;
        }
        // The warden is stopped or was killed, so the server kills the tree as far as it can.
        if let Some(group) = &self.group {
            group.kill().await;
            self.cpu_time = group.cpu_time().unwrap_or_default();
        }
        self.in_table().kill().await;
        self.reap().await;
    }

    /// Returns the tree as the process table shows it: below the warden, or by the tag alone after the warden was
    /// reaped.
    fn in_table(&self) -> TableTree {
        let warden = self.warden.pid().and_then(|pid| Some((pid, start_mark(pid).ok()?)));
        let (pid, start) = warden.unwrap_or((0, StartMark::HIDDEN));
        TableTree::new(Origin { pid, start, held: warden.is_some() }, self.tag.clone())
    }

    /// Waits for the warden's exit and reaps the warden. Returns whether every process of the tree has exited.
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
    fn new(channel: std::os::unix::net::UnixStream) -> io::Result<Self> {
        channel.set_nonblocking(true)?;
        Ok(Self { channel: UnixStream::from_std(channel)?, packet: [0; PACKET], filled: 0 })
    }

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
