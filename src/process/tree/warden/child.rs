//! The warden's process: ours to wait for, whatever goes wrong after its start.

use crate::process::handle::{Handle, Signal};
use crate::process::tree::reap::{Reaped, reap_if_exited};
use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
use std::io;
use std::time::Duration;
use tokio::runtime;
use tokio::time::sleep;

/// Between two looks at one that could not be taken hold of.
const POLL_PAUSE: Duration = Duration::from_millis(5);

/// A warden that was started. Dropped before its end, it is waited for in the background, so that it stays no zombie.
#[derive(Debug)]
pub struct Child(Option<Unwaited>);

/// Nobody has waited for it yet, so its pid can mean nobody else.
#[derive(Debug)]
struct Unwaited {
    pid: Pid,
    handle: Option<Handle>,
}

impl Child {
    /// The child that was just started with this pid.
    pub fn new(pid: Pid) -> Self {
        Self(Some(Unwaited { pid, handle: None }))
    }

    /// Its pid, until it has been waited for.
    pub fn pid(&self) -> Option<u32> {
        self.0.as_ref().map(|child| child.pid.as_raw_pid().unsigned_abs())
    }

    /// Takes hold of it, so that its end is told instead of looked for.
    ///
    /// # Errors
    /// The system's error; it can still be waited for.
    pub fn hold(&mut self) -> io::Result<()> {
        if let Some(child) = &mut self.0 {
            child.handle = Some(Handle::of_child(child.pid.as_raw_pid().unsigned_abs())?);
        }
        Ok(())
    }

    /// Lets it go on if it was stopped, as a command may do to its parent.
    pub fn wake(&self) {
        let Some(Unwaited { pid, handle: Some(handle) }) = &self.0 else { return };
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if matches!(waitid(WaitId::Pid(*pid), stopped), Ok(Some(_))) {
            let _ = handle.signal(Signal::Continue);
        }
    }

    /// Holds up the thread until it has ended.
    pub fn wait_blocking(mut self) {
        if let Some(child) = self.0.take() {
            let _ = waitid(WaitId::Pid(child.pid), WaitIdOptions::EXITED);
        }
    }

    /// Waits for its end and lets go of its pid. Tells what it was, once; dropping the future changes nothing.
    pub async fn wait(&mut self) -> Option<Reaped> {
        let reaped = self.0.as_ref()?.wait().await;
        self.0 = None;
        reaped
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Without a runtime the server ends, and the system waits for what it leaves.
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
                // The host has waited for it.
                Err(_) => return None,
            }
        }
    }
}
