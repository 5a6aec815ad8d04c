//! A tree that was just started.

use super::pipes::{ChildStderr, ChildStdin, ChildStdout};

/// A tree that was just started: its root and the root's pipes.
#[derive(Debug)]
pub struct Started<R> {
    /// The root, which waits for the tree and terminates it.
    pub root: R,
    /// The root's standard input.
    pub stdin: ChildStdin,
    /// The root's standard output, unless the caller has made the pipe.
    pub stdout: Option<ChildStdout>,
    /// The root's standard error, likewise.
    pub stderr: Option<ChildStderr>,
}

#[cfg(unix)]
impl<R> Started<R> {
    /// Wraps the root.
    pub(super) fn map<T>(self, wrap: impl FnOnce(R) -> T) -> Started<T> {
        let Self { root, stdin, stdout, stderr } = self;
        Started { root: wrap(root), stdin, stdout, stderr }
    }
}
