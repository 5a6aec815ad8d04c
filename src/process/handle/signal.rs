//! The signals that this crate sends.

/// How a process is asked, or made, to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM. Windows has no such request: there it ends the process, like [`Signal::Kill`].
    Terminate,
    /// SIGKILL, which no process can refuse.
    Kill,
    /// SIGCONT, by which a process goes on that was stopped. Windows stops none.
    Continue,
}
