//! Finds the program that a command names.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// The error number of "no such file or directory", on Unix and on Windows.
const NOT_FOUND: i32 = 2;

/// Returns the file to start for `command`: a path as it is, a name as the first match on `search_path`.
///
/// The result is always a path, because the standard library uses `fork` instead of `posix_spawn` for a bare name.
///
/// # Errors
/// "No such file" when nothing on the path matches, or the working directory is missing.
pub fn find(command: &OsStr, search_path: Option<&OsStr>, directory: Option<&Path>) -> io::Result<PathBuf> {
    if let Some(directory) = directory
        && !directory.is_dir()
    {
        return Err(io::Error::from_raw_os_error(NOT_FOUND));
    }
    if Path::new(command).components().count() > 1 && !cfg!(windows) {
        return Ok(PathBuf::from(command));
    }
    let here = directory.map_or_else(std::env::current_dir, |directory| Ok(directory.to_path_buf()))?;
    which::which_in(command, search_path, here).map_err(|_| io::Error::from_raw_os_error(NOT_FOUND))
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
    fn a_missing_directory_is_no_such_file() {
        let error = find(OsStr::new("/bin/sh"), None, Some(Path::new("/nowhere"))).expect_err("missing");
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
