//! The exit status of a process.

/// How the root ended: a code, or on Unix the number of the signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitStatus {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}

impl ExitStatus {
    /// By SIGKILL, or, as shells and npm tell it, because what it stood for was.
    pub fn is_by_kill(self) -> bool {
        const SIGKILL: i32 = 9;
        self.signal == Some(SIGKILL) || self.code == Some(128 + SIGKILL)
    }
}
