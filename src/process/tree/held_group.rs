//! A process group where no process table shows the tree.
//!
//! The root stays a zombie until the tree has exited, so that the group's number can mean no other group.

use super::reap::Reaped;
use crate::process::handle::Handle;
use crate::process::host::{Proc, host};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use std::io;
use std::time::Duration;
use tokio::time::timeout;

/// The group of a root that was not reaped. Dropping it reaps the root.
#[derive(Debug)]
pub struct Group(Pid);

impl Group {
    /// `None` where there is a process table.
    pub fn without_table(root: u32) -> Option<Self> {
        let number = i32::try_from(root).ok().and_then(Pid::from_raw);
        number.filter(|_| host().proc != Proc::Own).map(Self)
    }

    /// Returns the exit status of the root without reaping it.
    ///
    /// # Errors
    /// The system's.
    #[expect(clippy::unused_self, reason = "only a group keeps its root")]
    pub fn peek(&self, root: &Handle) -> io::Result<Reaped> {
        #[cfg(target_os = "linux")]
        return super::reap::peek(root);
        #[cfg(not(target_os = "linux"))]
        return Err(io::Error::new(io::ErrorKind::Unsupported, format!("{root:?}")));
    }

    /// Sends SIGTERM, waits for `grace`, and sends SIGKILL.
    ///
    /// The zombie root stays in the group, so the exit of the others cannot be seen. After the root's exit they get no
    /// grace.
    pub async fn terminate(&self, root: &Handle, grace: Duration) {
        let _ = kill_process_group(self.0, Signal::TERM);
        let _ = timeout(grace, root.wait()).await;
        let _ = kill_process_group(self.0, Signal::KILL);
        root.wait().await;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let _ = waitid(WaitId::Pid(self.0), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}
