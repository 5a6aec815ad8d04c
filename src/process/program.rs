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

/// The folders that are searched where the environment has no `PATH`, as by the C library's `execvp`.
#[cfg(unix)]
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Returns the file to start for `command`: a path as it is, a name as the first match on `search_path`.
///
/// The result is always a path, because the standard library uses `fork` instead of `posix_spawn` for a bare name.
///
/// # Errors
/// The error of `execvp` when nothing on the path can be started. The system's own error for a working directory that
/// cannot be entered.
pub fn find(command: &OsStr, search_path: Option<&OsStr>, directory: Option<&Path>) -> io::Result<PathBuf> {
    directory.map_or(Ok(()), check_directory)?;
    if cfg!(unix) && command.as_encoded_bytes().contains(&b'/') {
        return Ok(PathBuf::from(command));
    }
    #[cfg(unix)]
    let search_path = search_path.or_else(|| Some(OsStr::new(DEFAULT_PATH)));
    // A removed folder has no path, but commands start in it.
    let here = directory.map_or_else(|| std::env::current_dir().unwrap_or_else(|_| ".".into()), Path::to_path_buf);
    which::which_in(command, search_path, &here)
        .map_err(|_| io::Error::from_raw_os_error(search_error(command, search_path, &here)))
}

/// Returns the error number of a name that no folder has as a program.
#[cfg(windows)]
fn search_error(_: &OsStr, _: Option<&OsStr>, _: &Path) -> i32 {
    NOT_FOUND
}

/// Returns the error number of a name that no folder has as a program: "no permission" if a folder has another file of
/// that name, or cannot be searched.
#[cfg(unix)]
fn search_error(command: &OsStr, search_path: Option<&OsStr>, here: &Path) -> i32 {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    const LONGEST_NAME: usize = 255;

    if command.len() > LONGEST_NAME {
        return libc::ENAMETOOLONG;
    }
    let is_refused = |folder: PathBuf| {
        // A folder of that name may be entered, but not be executed.
        matches!(access(here.join(folder).join(command), Access::EXEC_OK), Ok(()) | Err(Errno::ACCESS))
    };
    let mut folders = std::env::split_paths(search_path.unwrap_or_default());
    if folders.any(is_refused) { libc::EACCES } else { NOT_FOUND }
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
    }

    #[test]
    fn a_name_that_cannot_be_started_has_the_error_of_execvp() {
        let folder = std::env::temp_dir().join(format!("procward-program-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("folder")).expect("a folder");
        std::fs::write(folder.join("data"), "").expect("a file");
        let path = std::env::join_paths(["/nowhere".as_ref(), "/bin/sh".as_ref(), folder.as_path()]).expect("a path");
        let errno = |command: &str| find(OsStr::new(command), Some(&path), None).expect_err(command).raw_os_error();
        let found = ["data", "folder", "..", "missing", &"a".repeat(256)].map(errno);
        std::fs::remove_dir_all(&folder).expect("the folder");
        let [data, below, above, missing, long] = found;
        assert_eq!((data, below, above), (Some(libc::EACCES), Some(libc::EACCES), Some(libc::EACCES)));
        assert_eq!((missing, long), (Some(libc::ENOENT), Some(libc::ENAMETOOLONG)));
    }

    #[test]
    fn a_path_is_anything_with_a_slash_and_a_missing_search_path_is_the_default() {
        let found = |command: &str, path: Option<&str>| find(OsStr::new(command), path.map(OsStr::new), None).ok();
        assert_eq!(found("sh/", Some("/bin")), Some(PathBuf::from("sh/")));
        assert_eq!(found("/", Some("/bin")), Some(PathBuf::from("/")));
        assert_eq!(found("sh", None), Some(PathBuf::from("/bin/sh")));
        assert_eq!(found("sh", Some("/nowhere")), None);
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
