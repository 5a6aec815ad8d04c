//! The exit status of a process.

/// The exit status of a process: a code, or on Unix the number of a signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitStatus {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal that killed the process.
    pub signal: Option<i32>,
}

impl ExitStatus {
    /// Returns whether the process was killed by SIGKILL, or reports so about its child, as shells and npm do.
    pub fn is_by_kill(self) -> bool {
        const SIGKILL: i32 = 9;
        self.signal == Some(SIGKILL) || self.code == Some(128 + SIGKILL)
    }
}
