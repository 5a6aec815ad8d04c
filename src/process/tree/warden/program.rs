//! The warden as a file that can be executed, made from the bytes that the addon carries.

use once_cell::sync::OnceCell;
use rustix::fs::{Access, MemfdFlags, Mode, OFlags, access, memfd_create, open};
use rustix::io::write;
use std::env::temp_dir;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

const WARDEN: &[u8] = include_bytes!(env!("PROCWARD_WARDEN"));

/// The path to execute, good for as long as this process lives.
///
/// # Errors
/// The system's error when no executable file can be made anywhere.
pub fn path() -> io::Result<PathBuf> {
    static FILE: OnceCell<OwnedFd> = OnceCell::new();
    FILE.get_or_try_init(|| in_memory().or_else(|_| without_name())).map(path_of)
}

/// A file that exists in memory alone. A system may forbid to execute such files.
fn in_memory() -> io::Result<OwnedFd> {
    let create = |flags| memfd_create(c"procward-warden", MemfdFlags::CLOEXEC | flags);
    // Kernels before 6.3 don't know the flag, and execute without it.
    let file = create(MemfdFlags::EXEC).or_else(|_| create(MemfdFlags::empty()))?;
    executable(&file)
}

/// A file that never has a name in its folder, so that it cannot be left behind there.
fn without_name() -> io::Result<OwnedFd> {
    let folders = [temp_dir(), "/dev/shm".into(), "/var/tmp".into()];
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for folder in folders {
        let file = open(&folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RWXU);
        match file.map_err(io::Error::from).and_then(|file| executable(&file)) {
            Ok(file) => return Ok(file),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Writes the program and opens it again for reading only: a file that is open for writing cannot be executed.
fn executable(file: &OwnedFd) -> io::Result<OwnedFd> {
    let mut rest = WARDEN;
    while !rest.is_empty() {
        rest = &rest[write(file, rest)?..];
    }
    let path = path_of(file);
    access(&path, Access::EXEC_OK)?;
    Ok(open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn path_of(file: &OwnedFd) -> PathBuf {
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn both_kinds_of_file_can_be_executed() {
        for make in [in_memory, without_name] {
            let file = make().expect("this system allows it");
            // Without a channel and arguments it says no and exits; that it ran is what matters.
            let status = Command::new(path_of(&file)).status().expect("it can be executed");
            assert_eq!(status.code(), Some(1));
        }
    }
}
