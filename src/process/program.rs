//! Finds the program that a command names.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The error number of "no such file or directory", on Unix and on Windows.
const NOT_FOUND: i32 = 2;
#[cfg(unix)]
const NOT_A_DIRECTORY: i32 = libc::ENOTDIR;
/// `ERROR_DIRECTORY`.
#[cfg(windows)]
const NOT_A_DIRECTORY: i32 = 267;

/// Returns the file to start for `command`: a path as it is, a name as the first match on `search_path`.
///
/// The result is always a path, because the standard library uses `fork` instead of `posix_spawn` for a bare name.
///
/// # Errors
/// "No such file" when nothing on the path matches. The system's own error for a working directory that cannot be entered.
pub fn find(command: &OsStr, search_path: Option<&OsStr>, directory: Option<&Path>) -> io::Result<PathBuf> {
    directory.map_or(Ok(()), check_directory)?;
    if Path::new(command).components().count() > 1 && !cfg!(windows) {
        return Ok(PathBuf::from(command));
    }
    let here = directory.map_or_else(std::env::current_dir, |directory| Ok(directory.to_path_buf()))?;
    which::which_in(command, search_path, here).map_err(|_| io::Error::from_raw_os_error(NOT_FOUND))
}

/// Returns the error that entering the working directory gives.
fn check_directory(directory: &Path) -> io::Result<()> {
    if !directory.metadata()?.is_dir() {
        return Err(io::Error::from_raw_os_error(NOT_A_DIRECTORY));
    }
    #[cfg(unix)]
    rustix::fs::access(directory, rustix::fs::Access::EXEC_OK)?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_found_by_path_and_by_name() {
        let found = |command: &str, path: &str| find(OsStr::new(command), Some(OsStr::new(path)), None).ok();
        assert_eq!(found("sh", "/nowhere:/bin"), Some(PathBuf::from("/bin/sh")));
        assert_eq!(found("/bin/sh", ""), Some(PathBuf::from("/bin/sh")));
        assert_eq!(found("./sh", "/bin"), Some(PathBuf::from("./sh")), "relative to the child's directory");
        assert_eq!(found("sh", "/nowhere"), None);
    }

    #[test]
    fn a_directory_that_cannot_be_entered_has_the_error_of_the_system() {
        let too_long = format!("/{}", "a".repeat(5000));
        for (directory, errno) in [
            ("/nowhere", libc::ENOENT),
            ("", libc::ENOENT),
            ("/bin/sh", libc::ENOTDIR),
            ("/bin/sh/folder", libc::ENOTDIR),
            (too_long.as_str(), libc::ENAMETOOLONG),
        ] {
            let error = find(OsStr::new("/bin/sh"), None, Some(Path::new(directory))).expect_err(directory);
            assert_eq!(error.raw_os_error(), Some(errno), "{directory}");
        }
    }
}
