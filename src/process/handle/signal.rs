//! The signals that this crate sends.

/// A signal to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM. Windows has no such request, so there it kills, like [`Signal::Kill`].
    Terminate,
    /// SIGKILL, which no process can refuse.
    Kill,
    /// SIGCONT, which resumes a stopped process. Windows stops no process.
    Continue,
}
