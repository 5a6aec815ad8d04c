//! Waits for a warden's first report on the calling thread.

use super::protocol::{PACKET, Report};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Reads the warden's first report. Returns `None` if the warden was killed before.
///
/// # Errors
/// The system's error: `EAGAIN` if there is no report in time.
pub fn first_report(mut channel: &UnixStream, limit: Duration) -> io::Result<Option<Report>> {
    channel.set_read_timeout(Some(limit))?;
    let mut packet = [0; PACKET];
    match channel.read_exact(&mut packet) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| Report::from_bytes(&packet)),
    }
}
