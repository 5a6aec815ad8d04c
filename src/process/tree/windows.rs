//! Windows: a Job Object for each tree. The kernel ends the whole job when its last handle is closed, also by our death.

use super::{Exit, Spec, Started};
use crate::instance::{Instance, Tag};
use crate::process::handle::{Handle, all_exited};
use crate::process::program;
use process_wrap::tokio::{ChildWrapper, CommandWrap, JobObject, KillOnDrop};
use std::io;
use std::process::Stdio;
use std::slice;
use std::time::Duration;
use tokio::process::Command;

/// The process that was started. The handles that are kept pin its pid and its job.
#[derive(Debug)]
pub struct Root {
    child: Box<dyn ChildWrapper>,
    handle: Handle,
}

/// Starts the tree, suspended until it is in its job.
///
/// # Errors
/// The system's error; nothing was started, or it was ended again.
pub fn start(spec: &Spec) -> io::Result<Started> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let search_path = spec.search_path().map(AsRef::as_ref);
    // Batch files are quoted by the standard library, which refuses arguments that cmd.exe cannot be given safely.
    let mut command = Command::new(program::find(&spec.command, search_path, spec.directory.as_deref())?);
    command.args(&spec.arguments);
    command.env_clear().envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.env(Tag::VARIABLE, tag.to_string());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(directory) = &spec.directory {
        command.current_dir(directory);
    }
    // Only together do these two make the job end with us.
    let mut child = CommandWrap::from(command).wrap(JobObject).wrap(KillOnDrop).spawn()?;
    let no_pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
    let pid = child.id().ok_or_else(no_pipe)?;
    let stdin = child.stdin().take().ok_or_else(no_pipe)?;
    let stdout = child.stdout().take().ok_or_else(no_pipe)?;
    let stderr = child.stderr().take().ok_or_else(no_pipe)?;
    let handle = Handle::open(pid)?;
    Ok(Started { root: Root { child, handle }, stdin, stdout, stderr })
}

impl Root {
    /// The root's pid.
    pub fn pid(&self) -> u32 {
        self.handle.pid()
    }

    /// Waits until the root has exited. Dropping the future changes nothing.
    pub async fn exited(&self) {
        self.handle.exited().await;
    }

    /// Waits for the root, and tells how it ended.
    pub async fn reap(&mut self) -> Exit {
        let status = self.child.inner_mut().wait().await.ok();
        Exit { code: status.and_then(|status| status.code()), signal: None }
    }

    /// Whether something of the tree may be left after the root has exited.
    pub fn left_something(&self) -> bool {
        // An empty job costs nothing to end, and whoever is in it would outlive the call.
        true
    }

    /// Ends the whole tree. Its input is closed already, which is all the asking that Windows knows; after `grace`, or as
    /// soon as the root has exited, the job is terminated.
    pub async fn end(&mut self, grace: Duration) {
        all_exited(slice::from_ref(&self.handle), grace).await;
        if self.child.start_kill().is_ok() {
            let _ = self.child.wait().await;
        }
    }
}
