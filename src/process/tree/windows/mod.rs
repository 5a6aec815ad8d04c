//! Windows: a Job Object for each tree. The kernel kills the whole job when its last handle is closed, also by the
//! server's death.

mod job;
mod pipes;

use super::exit_status::ExitStatus;
use super::signaller::Signaller;
use super::spec::Spec;
use super::started::Started;
use super::streams;
use crate::process::handle::Handle;
use crate::process::program;
use crate::process::tag::{Instance, Tag};
use crate::process::windows::resume;
use job::Job;
use pipes::Pipes;
use std::io;
use std::os::windows::io::BorrowedHandle;
use std::time::Duration;
use tokio::process::{Child, Command};
use windows_sys::Win32::Foundation::ERROR_BAD_ARGUMENTS;
use windows_sys::Win32::System::Threading::{CREATE_NO_WINDOW, CREATE_SUSPENDED};

/// The root of a tree and its job. No process of the tree can leave the job.
#[derive(Debug)]
pub struct Root {
    pid: u32,
    child: Child,
    /// Closing the job kills the tree. A detached tree's job is released when the root exits.
    job: Option<Job>,
    /// The processor time at the release of the job.
    cpu_time: Duration,
    detached: bool,
}

/// Starts the tree, suspended until it is in its job.
///
/// # Errors
/// The system's error. No process was started, or it was killed again.
pub async fn start(spec: &Spec) -> io::Result<Started<Root>> {
    let tag = Tag { instance: Instance::current().clone(), tree: spec.number };
    let search_path = spec.search_path().map(AsRef::as_ref);
    // The standard library quotes batch files, and refuses arguments that cannot be passed to cmd.exe safely.
    let mut command = Command::new(program::find(&spec.command, search_path, spec.directory.as_deref())?);
    for argument in &spec.arguments {
        if spec.verbatim {
            command.raw_arg(argument)
        } else {
            command.arg(argument)
        };
    }
    command.env_clear().envs(spec.environment.iter().map(|(name, value)| (name, value)));
    command.env(Tag::VARIABLE, tag.to_string());
    if let Some(directory) = &spec.directory {
        command.current_dir(directory);
    }
    // With a console of its own the child opens no window, and Ctrl+C at the server's console reaches only the server. A
    // child that uses the server's console gets its Ctrl+C, too.
    let console = if streams::uses_console(&spec.choices.streams) { 0 } else { CREATE_NO_WINDOW };
    command.creation_flags(CREATE_SUSPENDED | console);
    let Pipes { stdin, stdout, stderr, theirs } = pipes::open().await?;
    theirs.give_to(&mut command);
    let [chosen_stdin, chosen_stdout, chosen_stderr] =
        streams::open(&spec.choices.streams)?.map(|end| end.map(std::process::Stdio::from));
    chosen_stdin.map(|end| command.stdin(end));
    chosen_stdout.map(|end| command.stdout(end));
    chosen_stderr.map(|end| command.stderr(end));
    let job = Job::new()?;
    let mut child = command.spawn().map_err(refused)?;
    match contain(&child, &job) {
        Ok(pid) => {
            let root = Root { pid, child, job: Some(job), cpu_time: Duration::ZERO, detached: spec.detached };
            Ok(Started { root, stdin, stdout: Some(stdout), stderr: Some(stderr) })
        }
        Err(error) => {
            child.kill().await?;
            Err(error)
        }
    }
}

/// Gives the standard library's own refusals an error number, because callers know errors by their numbers.
fn refused(error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::InvalidInput if error.raw_os_error().is_none() => {
            io::Error::from_raw_os_error(ERROR_BAD_ARGUMENTS.cast_signed())
        }
        _ => error,
    }
}

/// Puts the suspended process into the job and resumes it. Returns its pid.
fn contain(child: &Child, job: &Job) -> io::Result<u32> {
    let gone = || io::Error::from(io::ErrorKind::NotFound);
    let raw = child.raw_handle().ok_or_else(gone)?;
    // SAFETY: the child keeps its handle open until it has been waited for, which its owner does not do meanwhile.
    let process = unsafe { BorrowedHandle::borrow_raw(raw) };
    job.assign(process)?;
    resume(process)?;
    child.id().ok_or_else(gone)
}

impl Root {
    /// The root's pid.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the root's pid, because no process is above the root.
    pub fn topmost_pid(&self) -> u32 {
        self.pid
    }

    /// Returns the way to send signals to the root.
    ///
    /// # Errors
    /// The system's: the root has exited.
    pub fn signaller(&self) -> io::Result<Signaller> {
        Handle::open(self.pid).map(Signaller::Root)
    }

    /// The processor time of the tree.
    pub fn cpu_time(&self) -> Duration {
        self.job.as_ref().and_then(|job| job.cpu_time().ok()).unwrap_or(self.cpu_time)
    }

    /// Waits until the root has exited, and returns its exit status. Dropping the future changes nothing.
    pub async fn wait_root(&mut self) -> ExitStatus {
        let status = self.child.wait().await.ok();
        ExitStatus { code: status.and_then(|status| status.code()), signal: None }
    }

    /// Waits until the whole tree has exited, at most for `timeout`. Returns whether it has.
    pub async fn wait(&mut self, timeout: Duration) -> bool {
        if self.detached
            && let Some(job) = self.job.take()
        {
            self.cpu_time = job.cpu_time().unwrap_or_default();
            job.release();
        }
        match &self.job {
            Some(job) => tokio::time::timeout(timeout, job.wait()).await.is_ok(),
            None => true,
        }
    }

    /// Returns the root's pid, which stands for the whole tree.
    #[expect(clippy::unused_async, reason = "elsewhere the process table is read")]
    pub async fn pids(&mut self) -> Vec<u32> {
        vec![self.pid]
    }

    /// Terminates the whole tree.
    ///
    /// The root's input is closed already, which is the only request that Windows knows. After `grace`, or when the
    /// root has exited, the job is killed. Returns when every process has exited.
    pub async fn terminate(&mut self, grace: Duration) {
        let _ = tokio::time::timeout(grace, self.wait_root()).await;
        if let Some(job) = &self.job {
            job.kill();
            job.wait().await;
        }
    }
}
