//! The files of a process below `/proc`.

use procfs::ProcError;
use procfs::process::Process;
use rustix::buffer::spare_capacity;
use rustix::io::read;
use std::io;

/// More than most of a process's files have, in bytes.
const ROOM: usize = 4096;

/// Opens the folder of one process.
pub fn open(pid: u32) -> io::Result<Process> {
    let pid = i32::try_from(pid).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    Process::new(pid).map_err(system_error)
}

/// Converts the crate's error and drops its paths. An exited process is always `NotFound`, whatever the kernel says.
pub fn system_error(error: ProcError) -> io::Error {
    match error {
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::PermissionDenied(_) => io::ErrorKind::PermissionDenied.into(),
        ProcError::Io(error, _) => plain(error),
        _ => io::ErrorKind::InvalidData.into(),
    }
}

/// Reads a whole file.
///
/// The kernel fills the buffer at each read of such a file, so a short read is the end. Asking for the end again would
/// double the calls of a scan.
pub fn contents(process: &Process, file: &str) -> io::Result<Vec<u8>> {
    let file = process.open_relative(file).map_err(system_error)?;
    let mut bytes = Vec::with_capacity(ROOM);
    loop {
        let room = bytes.capacity() - bytes.len();
        let length = read(&file, spare_capacity(&mut bytes)).map_err(|error| plain(error.into()))?;
        if length < room {
            return Ok(bytes);
        }
        bytes.reserve(bytes.len());
    }
}

fn plain(error: io::Error) -> io::Error {
    match error.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
        Some(rustix::io::Errno::SRCH) => io::ErrorKind::NotFound.into(),
        Some(_) => error,
        None => error.kind().into(),
    }
}
