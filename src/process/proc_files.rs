//! The files of a process below `/proc`.

use procfs::ProcError;
use procfs::process::Process;
use rustix::buffer::spare_capacity;
use rustix::io::read;
use std::io;

/// More than most of a process's files have, in bytes.
const ROOM: usize = 4096;

/// One process's folder.
pub fn open(pid: u32) -> io::Result<Process> {
    let pid = i32::try_from(pid).map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
    Process::new(pid).map_err(system_error)
}

/// The crate's error without its paths; a process that has gone is `NotFound`, however the kernel put it.
pub fn system_error(error: ProcError) -> io::Error {
    match error {
        ProcError::NotFound(_) => io::ErrorKind::NotFound.into(),
        ProcError::PermissionDenied(_) => io::ErrorKind::PermissionDenied.into(),
        ProcError::Io(error, _) => plain(error),
        _ => io::ErrorKind::InvalidData.into(),
    }
}

/// All of a file of which the kernel gives as much at once as there is room for, as it does of all but lists: what leaves room
/// is the end. A process has too many files for asking each a second time.
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
