//! The exit status of a process.

use std::borrow::Cow;

/// The exit status of a process: a code, or on Unix the number of a signal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExitStatus {
    /// The exit code.
    pub code: Option<i32>,
    /// The signal that killed the process.
    pub signal: Option<i32>,
}

impl ExitStatus {
    /// Returns the name of the signal that killed the process. A signal without a name is named by its number, as by
    /// `lib/signals.js`.
    pub fn signal_name(self) -> Option<Cow<'static, str>> {
        let number = self.signal?;
        #[cfg(unix)]
        if let Ok(known) = nix::sys::signal::Signal::try_from(number) {
            return Some(known.as_str().into());
        }
        Some(format!("SIG{number}").into())
    }

    /// Returns whether the process was killed by SIGKILL, or reports so about its child, as shells and npm do.
    pub fn is_by_kill(self) -> bool {
        const SIGKILL: i32 = 9;
        self.signal == Some(SIGKILL) || self.code == Some(128 + SIGKILL)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_named() {
        let name = |signal| ExitStatus { code: None, signal }.signal_name();
        assert_eq!(name(None), None);
        assert_eq!(name(Some(15)).as_deref(), Some("SIGTERM"));
        assert_eq!(name(Some(libc::SIGBUS)).as_deref(), Some("SIGBUS"));
        assert_eq!(name(Some(60)).as_deref(), Some("SIG60"));
    }
}
