//! The warden's process. This server reaps it, whatever goes wrong after the start.

use crate::process::handle::{Handle, Signal};
use crate::process::tree::reap::{Reaped, reap_if_exited};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::io;
use std::time::Duration;
use tokio::runtime;
use tokio::time::sleep;

/// The time between two looks at a warden without a handle.
const POLL_PAUSE: Duration = Duration::from_millis(5);

/// A started warden. Dropping it before its exit moves the wait to the background, so that no zombie stays.
#[derive(Debug)]
pub struct Child(Option<Unwaited>);

/// A warden that was not reaped, so its pid can mean no other process.
#[derive(Debug)]
struct Unwaited {
    pid: Pid,
    handle: Option<Handle>,
}

impl Child {
    /// Wraps the child that was just started with this pid.
    pub fn new(pid: Pid) -> Self {
        Self(Some(Unwaited { pid, handle: None }))
    }

    /// Returns the warden's pid, until the warden is reaped.
    pub fn pid(&self) -> Option<u32> {
        self.0.as_ref().map(|child| child.pid.as_raw_pid().unsigned_abs())
    }

    /// Opens a handle, so that the warden's exit is notified instead of polled.
    ///
    /// # Errors
    /// The system's error. The warden can still be waited for.
    pub fn hold(&mut self) -> io::Result<()> {
        if let Some(child) = &mut self.0 {
            child.handle = Some(Handle::of_child(child.pid.as_raw_pid().unsigned_abs())?);
        }
        Ok(())
    }

    /// Resumes the warden if it was stopped. A command may stop its parent.
    pub fn wake(&self) {
        let Some(Unwaited { pid, handle: Some(handle) }) = &self.0 else { return };
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if matches!(waitid(WaitId::Pid(*pid), stopped), Ok(Some(_))) {
            let _ = handle.signal(Signal::Continue);
        }
    }

    /// Kills the warden.
    pub fn kill(&self) {
        if let Some(handle) = self.0.as_ref().and_then(|child| child.handle.as_ref()) {
            let _ = handle.signal(Signal::Kill);
        }
    }

    /// Blocks the thread until the warden has exited.
    pub fn wait_blocking(mut self) {
        if let Some(child) = self.0.take() {
            let _ = waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED);
        }
    }

    /// Waits for the warden's exit and reaps it. Returns the result once. Dropping the future changes nothing.
    pub async fn wait(&mut self) -> Option<Reaped> {
        let reaped = self.0.as_ref()?.wait().await;
        self.0 = None;
        reaped
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Without a runtime the server is ending, and the system reaps its children.
        if let (Some(child), Ok(runtime)) = (self.0.take(), runtime::Handle::try_current()) {
            runtime.spawn(async move { child.wait().await });
        }
    }
}

impl Unwaited {
    async fn wait(&self) -> Option<Reaped> {
        if let Some(handle) = &self.handle {
            handle.wait().await;
        }
        loop {
            let held = self.handle.as_ref().and_then(|handle| handle.wait_id().ok());
            match reap_if_exited(&held.unwrap_or(WaitId::Pid(self.pid))) {
                Ok(Some(reaped)) => return Some(reaped),
                Ok(None) => sleep(POLL_PAUSE).await,
                // The host has reaped the warden.
                Err(_) => return None,
            }
        }
    }
}
