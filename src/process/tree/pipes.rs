//! A child's standard streams, written to and read without waiting.

use std::io;
#[cfg(windows)]
pub use tokio::net::windows::named_pipe::{
    NamedPipeServer as ChildStderr, NamedPipeServer as ChildStdin, NamedPipeServer as ChildStdout,
};
#[cfg(unix)]
pub use tokio::process::{ChildStderr, ChildStdin, ChildStdout};

/// Writes as many bytes as fit at once. May be called on any thread.
///
/// # Errors
/// The system's; `WouldBlock` where there is no room.
pub fn try_write(stdin: &ChildStdin, bytes: &[u8]) -> io::Result<usize> {
    #[cfg(unix)]
    return Ok(rustix::io::write(stdin, bytes)?);
    #[cfg(windows)]
    stdin.try_write(bytes)
}

/// Reads the available bytes without waiting. May be called on any thread.
///
/// # Errors
/// The system's; `WouldBlock` where there is nothing yet.
#[cfg(unix)]
pub fn try_read(stdout: impl std::os::fd::AsFd, bytes: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::read(stdout, bytes)?)
}

/// Reads the available bytes without waiting. May be called on any thread.
///
/// # Errors
/// The system's; `WouldBlock` where there is nothing yet.
#[cfg(windows)]
pub fn try_read(stdout: &ChildStdout, bytes: &mut [u8]) -> io::Result<usize> {
    stdout.try_read(bytes)
}
