//! Unix: a process group, and the process table for what left the group.

use super::members::{Origin, members};
use super::{Exit, Spec, Started};
use crate::instance::{Instance, Tag};
use crate::process::handle::{Handle, Signal, all_exited};
use crate::process::identity::start_mark;
use crate::process::{program, table};
use rustix::process::{Pid, test_kill_process_group};
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// How long a killed process may take to be gone before the tree is looked at again.
const KILL_WAIT: Duration = Duration::from_secs(1);
/// Between two looks at a tree that does not get smaller, such as one stuck in the kernel.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The process that was started. It stays a zombie until [`Root::reap`], so its pid and its group cannot be reused.
#[derive(Debug)]
pub struct Root {
    child: Child,
    handle: Handle,
    tag: Tag,
    origin: Origin,
}

/// Starts the tree, in a process group of its own, by `posix_spawn`. Needs the runtime's reactor for the pipes.
///
/// # Errors
/// The system's error; nothing was started, or it was killed again.
pub fn start(spec: &Spec) -> io::Result<Started> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let search_path = spec.search_path().map(AsRef::as_ref);
    let mut command = Command::new(program::find(&spec.command, search_path, spec.directory.as_deref())?);
    command.arg0(&spec.command).args(&spec.arguments);
    command.env_clear().envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.env(Tag::VARIABLE, tag.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    if let Some(directory) = &spec.directory {
        command.current_dir(directory);
    }
    let mut child = command.spawn()?;
    match take_hold(&mut child) {
        Ok((handle, origin, stdin, stdout, stderr)) => {
            Ok(Started { root: Root { child, handle, tag, origin }, stdin, stdout, stderr })
        }
        Err(error) => {
            child.kill()?;
            child.wait()?;
            Err(error)
        }
    }
}

type Held = (Handle, Origin, ChildStdin, ChildStdout, ChildStderr);

fn take_hold(child: &mut Child) -> io::Result<Held> {
    let pid = child.id();
    let origin = Origin { pid, start: start_mark(pid)?, held: true };
    let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
    Ok((
        Handle::open(pid)?,
        origin,
        ChildStdin::from_std(child.stdin.take().ok_or_else(no_pipe)?)?,
        ChildStdout::from_std(child.stdout.take().ok_or_else(no_pipe)?)?,
        ChildStderr::from_std(child.stderr.take().ok_or_else(no_pipe)?)?,
    ))
}

impl Root {
    /// The root's pid.
    pub fn pid(&self) -> u32 {
        self.origin.pid
    }

    /// Waits until the root has exited; its zombie stays. Dropping the future changes nothing.
    pub async fn exited(&self) {
        self.handle.exited().await;
    }

    /// Lets go of the root, which has exited, and tells how; nothing is known when the host reaped it before us.
    pub async fn reap(&mut self) -> Exit {
        self.exited().await;
        let status = self.child.wait().ok();
        self.origin.held = false;
        Exit { code: status.and_then(|status| status.code()), signal: status.and_then(|status| status.signal()) }
    }

    /// Whether something of the tree is certainly left after the root was reaped: cheap, and blind to who left the group.
    pub fn left_something(&self) -> bool {
        let group = i32::try_from(self.origin.pid).ok().and_then(Pid::from_raw);
        group.is_some_and(|group| test_kill_process_group(group).is_ok())
    }

    /// Ends the whole tree: SIGTERM, `grace`, then SIGKILL until two looks in a row find nobody.
    pub async fn end(&mut self, grace: Duration) {
        let asked = self.hold_members().await;
        send(&asked, Signal::Terminate);
        all_exited(&asked, grace).await;
        let mut looks = 0;
        while looks < 2 {
            let left = self.hold_members().await;
            if left.is_empty() {
                looks += 1;
                continue;
            }
            looks = 0;
            if !send(&left, Signal::Kill) {
                return;
            }
            if !all_exited(&left, KILL_WAIT).await {
                sleep(RETRY_PAUSE).await;
            }
        }
    }

    async fn hold_members(&self) -> Vec<Handle> {
        let (origin, tag) = (self.origin, self.tag.clone());
        let found = spawn_blocking(move || {
            let links = table::links()?;
            let of_tree = members(&links, origin, |pid| table::tag_of(pid).as_ref() == Some(&tag));
            let handles = of_tree.iter().filter_map(|link| table::open_verified(link.pid, link.start).ok().flatten());
            io::Result::Ok(handles.collect::<Vec<_>>())
        });
        match found.await {
            Ok(Ok(handles)) => handles,
            // The table cannot be read; the root itself can still be ended.
            _ if origin.held && !self.handle.has_exited() => Handle::open(origin.pid).into_iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// Tells whether the signal could be sent to any of them.
fn send(handles: &[Handle], signal: Signal) -> bool {
    handles.iter().filter(|handle| handle.signal(signal).is_ok()).count() > 0
}
