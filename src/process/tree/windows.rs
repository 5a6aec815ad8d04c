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
#[expect(clippy::unused_async, reason = "elsewhere a start is waited for")]
pub async fn start(spec: &Spec) -> io::Result<Started> {
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

    /// Waits until the root has exited, and tells how. Dropping the future changes nothing.
    pub async fn exited(&mut self) -> Exit {
        self.handle.exited().await;
        let status = self.child.inner_mut().wait().await.ok();
        Exit { code: status.and_then(|status| status.code()), signal: None }
    }

    /// Whether the rest of the tree has ended too. It is not waited for: an empty job costs nothing to end.
    #[expect(clippy::unused_async, reason = "elsewhere the rest is waited for")]
    pub async fn gone(&mut self, _patience: Duration) -> bool {
        false
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
