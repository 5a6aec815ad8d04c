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
    /// The signal with this number of the system. On Windows it kills.
    Number(i32),
}

#[cfg(unix)]
impl Signal {
    /// Returns the system's signal.
    ///
    /// # Errors
    /// `EINVAL` for a number without a name.
    pub(super) fn of_system(self) -> std::io::Result<rustix::process::Signal> {
        Ok(match self {
            Self::Terminate => rustix::process::Signal::TERM,
            Self::Kill => rustix::process::Signal::KILL,
            Self::Continue => rustix::process::Signal::CONT,
            Self::Number(number) => rustix::process::Signal::from_named_raw(number).ok_or(rustix::io::Errno::INVAL)?,
        })
    }
}
