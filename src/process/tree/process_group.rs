//! A process group, and the process table for members that left the group. Nothing here outlives the server.

use super::default_signals::undo_ignored;
use super::exit_status::ExitStatus;
use super::held_group::Group;
use super::members::Origin;
use super::reap::{Reaped, reap};
use super::signaller::Signaller;
use super::spec::{Outputs, Spec};
use super::started::Started;
use super::streams;
use super::table_tree::TableTree;
use crate::process::handle::{Handle, Signal, wait_all};
use crate::process::host::{Proc, host};
use crate::process::identity::{StartMark, start_mark};
use crate::process::oom::kill_first;
use crate::process::program;
use crate::process::tag::{Instance, Tag};
use rustix::process::{Pid, getpgrp, test_kill_process_group};
use std::io::{self, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::time::sleep;

/// The time between two looks at a group that still has members.
const POLL_PAUSE: Duration = Duration::from_millis(10);

/// The root of a tree. The root stays a zombie until its exit status is taken, and until then its pid cannot be reused.
#[derive(Debug)]
pub struct Root {
    handle: Handle,
    tree: TableTree,
    reaped: Option<Reaped>,
    /// The root has exited and left members in its group that were not looked up yet.
    has_unseen_group: bool,
    detached: bool,
    /// The group of a root that was not reaped, where no process table shows the tree.
    held_group: Option<Group>,
    /// The root is in the server's group, because it reads from a terminal.
    shares_group: bool,
    /// The signal that a termination begins with.
    first_signal: Signal,
}

/// Starts the tree in a process group of its own, or in the server's if it reads from a terminal, by `posix_spawn`. Needs the runtime's reactor for the pipes.
///
/// # Errors
/// The system's error; nothing was started, or it was killed again.
pub fn start(spec: &Spec) -> io::Result<Started<Root>> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let search_path = spec.search_path().map(AsRef::as_ref);
    let program = program::find(&spec.command, search_path, spec.directory.as_deref())?;
    let shares_group = shares_group(spec);
    undo_ignored();
    let launch = |mut command: Command| {
        redirect(&mut command, spec)?;
        if shares_group {
            command.process_group(getpgrp().as_raw_pid());
        }
        command.spawn()
    };
    let mut child = match launch(command(spec, &tag, &program)?) {
        // A script without `#!`, which `execvp` runs by the shell.
        Err(error) if error.raw_os_error() == Some(libc::ENOEXEC) => launch(shell(spec, &tag, &program)?)?,
        child => child?,
    };
    if spec.killed_first {
        kill_first(child.id());
    }
    match take_hold(&mut child) {
        Ok((handle, origin, stdin, stdout, stderr)) => {
            let root = Root {
                handle,
                tree: TableTree::new(origin, tag),
                reaped: None,
                has_unseen_group: false,
                detached: spec.detached,
                held_group: Group::without_table(origin.pid),
                shares_group,
                first_signal: spec.choices.first_signal.map_or(Signal::Terminate, Signal::Number),
            };
            Ok(Started { root, stdin, stdout, stderr })
        }
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error)
        }
    }
}

fn command(spec: &Spec, tag: &Tag, program: &Path) -> io::Result<Command> {
    let mut command = Command::new(program);
    command.arg0(spec.choices.name.as_ref().unwrap_or(&spec.command)).args(&spec.arguments);
    surround(&mut command, spec, tag)?;
    Ok(command)
}

fn shell(spec: &Spec, tag: &Tag, script: &Path) -> io::Result<Command> {
    let mut command = Command::new("/bin/sh");
    command.arg(script).args(&spec.arguments);
    surround(&mut command, spec, tag)?;
    Ok(command)
}

/// Gives the command its environment, streams, group and working directory.
fn surround(command: &mut Command, spec: &Spec, tag: &Tag) -> io::Result<()> {
    command.env_clear().envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.env(Tag::VARIABLE, tag.to_string());
    let Outputs { stdout, stderr } = &spec.outputs;
    command.stdin(Stdio::piped()).stdout(output(stdout.as_ref())?).stderr(output(stderr.as_ref())?).process_group(0);
    if let Some(directory) = &spec.directory {
        command.current_dir(directory);
    }
    Ok(())
}

fn output(given: Option<&Arc<OwnedFd>>) -> io::Result<Stdio> {
    given.map_or_else(|| Ok(Stdio::piped()), |theirs| Ok(theirs.try_clone()?.into()))
}

/// Gives the command the standard streams that the caller has chosen.
fn redirect(command: &mut Command, spec: &Spec) -> io::Result<()> {
    let [stdin, stdout, stderr] = streams::open(&spec.choices.streams)?.map(|end| end.map(Stdio::from));
    stdin.map(|end| command.stdin(end));
    stdout.map(|end| command.stdout(end));
    stderr.map(|end| command.stderr(end));
    Ok(())
}

/// Returns whether the command shares the server's group. Without a process table only an own group shows the tree.
fn shares_group(spec: &Spec) -> bool {
    host().proc == Proc::Own && streams::reads_terminal(&spec.choices.streams)
}

type Held = (Handle, Origin, ChildStdin, Option<ChildStdout>, Option<ChildStderr>);

fn take_hold(child: &mut Child) -> io::Result<Held> {
    let pid = child.id();
    let start = if host().proc == Proc::Own { start_mark(pid)? } else { StartMark::HIDDEN };
    let origin = Origin { pid, start, held: true };
    // A chosen input has a pipe here that is closed at its other side.
    let closed_writer = || io::Result::Ok(pipe()?.1);
    Ok((
        Handle::of_child(pid)?,
        origin,
        ChildStdin::from_std(child.stdin.take().map_or_else(|| closed_writer().map(into_std), Ok)?)?,
        child.stdout.take().map(ChildStdout::from_std).transpose()?,
        child.stderr.take().map(ChildStderr::from_std).transpose()?,
    ))
}

fn into_std<T: From<OwnedFd>>(end: impl Into<OwnedFd>) -> T {
    end.into().into()
}

impl Root {
    /// The root's pid.
    pub fn pid(&self) -> u32 {
        self.handle.pid()
    }

    /// Returns the way to send signals to the root.
    ///
    /// # Errors
    /// The system's: the root has exited, or this process has no descriptor left.
    pub fn signaller(&self) -> io::Result<Signaller> {
        Handle::open(self.pid()).map(Signaller::Root)
    }

    /// Returns the processor time of the exited root and of the descendants that were reaped below it.
    pub fn cpu_time(&self) -> Duration {
        self.reaped.unwrap_or_default().cpu_time
    }

    /// Waits until the root has exited, and returns its exit status. Dropping the future changes nothing.
    pub async fn wait_root(&mut self) -> ExitStatus {
        let Reaped { exit_status, .. } = if let Some(reaped) = self.reaped {
            reaped
        } else {
            self.handle.wait().await;
            // The status is unknown if the host reaped the root first.
            let reaped = match &self.held_group {
                Some(group) => group.peek(&self.handle),
                None => reap(&self.handle),
            };
            self.tree.origin.held = self.held_group.is_some();
            self.has_unseen_group = !self.tree.origin.held && !self.detached && self.is_group_there();
            *self.reaped.insert(reaped.unwrap_or_default())
        };
        if self.has_unseen_group {
            self.tree.note_group().await;
            self.has_unseen_group = false;
        }
        exit_status
    }

    /// Waits until the whole group has exited, at most for `timeout`. Returns whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        if self.held_group.is_some() {
            self.wait_root().await;
            if self.detached {
                self.release();
            }
            return self.detached;
        }
        if self.detached {
            return true;
        }
        let emptied = async {
            while self.is_there().await {
                sleep(POLL_PAUSE).await;
            }
        };
        tokio::time::timeout(timeout, emptied).await.is_ok()
    }

    /// Reaps the root. From here on its number may belong to another process.
    fn release(&mut self) {
        if self.held_group.take().is_some() {
            self.tree.origin.held = false;
        }
    }

    async fn is_there(&mut self) -> bool {
        if self.shares_group { !self.tree.pids().await.is_empty() } else { self.is_group_there() }
    }

    fn is_group_there(&self) -> bool {
        let group = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        group.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    /// Returns the pids of the tree's running processes.
    pub async fn pids(&mut self) -> Vec<u32> {
        if self.held_group.is_some() { vec![self.pid()] } else { self.tree.pids().await }
    }

    /// Terminates the whole tree: SIGTERM, `grace`, SIGKILL. Returns when every process has exited.
    pub async fn terminate(&mut self, grace: Duration) {
        if let Some(group) = &self.held_group {
            group.terminate(&self.handle, grace).await;
            self.wait_root().await;
            self.release();
            return;
        }
        let signalled = self.tree.signal(self.first_signal).await;
        wait_all(&signalled, grace).await;
        self.tree.kill().await;
    }
}
