//! The warden as an executable file, made from the bytes in the addon.

use super::tag::Instance;
use parking_lot::Mutex;
use rustix::fs::{Access, MemfdFlags, Mode, OFlags, access, memfd_create, open};
use rustix::io::{fcntl_dupfd_cloexec, write};
use std::env::temp_dir;
use std::ffi::CStr;
use std::fs::{File, remove_file};
use std::io::{self, ErrorKind, Read as _};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread::sleep;
use std::time::Duration;

/// The name that wardens are started with.
pub const WARDEN_NAME: &str = "procward-warden";
const WARDEN: &[u8] = include_bytes!(env!("PROCWARD_WARDEN_PROGRAM"));
/// The number of tries for a file that a child of another thread still has open for writing, until that child executes.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(1);

/// The kinds of file, in the order of the tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file in memory. A system may forbid executing it.
    Memory,
    /// A file without a name in its folder, so that it cannot be left behind.
    Nameless,
    /// A file with a name, removed after the start. The other kinds can be executed only through `/proc`.
    Named,
}

const KINDS: [Kind; 3] = [Kind::Memory, Kind::Nameless, Kind::Named];

/// The file that was last executed, or the next kind if the last was refused.
#[derive(Debug)]
struct Current {
    kind: usize,
    file: Option<OwnedFd>,
    /// The system's error number of the last refusal.
    refusal: Option<i32>,
}

/// Calls `start` with the path to execute. If the system refuses one kind of file, this and later calls try the next.
/// The child may overwrite its descriptors up to `overwritten` before it executes: the path means none of them.
///
/// # Errors
/// The error of `start`, or the last refusal when no executable file can be made anywhere.
pub fn with_program<T>(overwritten: RawFd, mut start: impl FnMut(&Path) -> io::Result<T>) -> io::Result<T> {
    static CURRENT: Mutex<Current> = Mutex::new(Current { kind: 0, file: None, refusal: None });
    let mut current = CURRENT.lock();
    while let Some(kind) = KINDS.get(current.kind) {
        match current.start(*kind, overwritten, &mut start) {
            Err(error) if is_refusal(&error) => {
                *current = Current { kind: current.kind + 1, file: None, refusal: error.raw_os_error() };
            }
            other => return other,
        }
    }
    Err(current.refusal.map_or_else(|| ErrorKind::NotFound.into(), io::Error::from_raw_os_error))
}

impl Current {
    fn start<T>(
        &mut self,
        kind: Kind,
        overwritten: RawFd,
        start: &mut impl FnMut(&Path) -> io::Result<T>,
    ) -> io::Result<T> {
        let make = match kind {
            Kind::Memory => in_memory,
            Kind::Nameless => without_name,
            Kind::Named => return with_name(start),
        };
        let file = match &self.file {
            Some(file) => file,
            None => self.file.insert(make()?),
        };
        if file.as_raw_fd() > overwritten {
            return start(&path_of(file));
        }
        start(&path_of(&fcntl_dupfd_cloexec(file, overwritten + 1)?))
    }
}

/// Returns whether an error is about the file, and not about a temporary shortage.
fn is_refusal(error: &io::Error) -> bool {
    use ErrorKind::{InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull, Unsupported};
    let kinds = [InvalidInput, NotFound, PermissionDenied, ReadOnlyFilesystem, StorageFull, Unsupported];
    kinds.contains(&error.kind()) || error.raw_os_error() == Some(libc::ENOEXEC)
}

fn in_memory() -> io::Result<OwnedFd> {
    let create = |flags| memfd_create(c"procward-warden", MemfdFlags::CLOEXEC | flags);
    // Kernels before 6.3 don't know the flag, and execute without it.
    let file = create(MemfdFlags::EXEC).or_else(|_| create(MemfdFlags::empty()))?;
    executable(&file)
}

fn without_name() -> io::Result<OwnedFd> {
    in_a_folder(|folder| {
        let file = open(folder, OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC, Mode::RWXU)?;
        executable(&file)
    })
}

fn with_name<T>(start: &mut impl FnMut(&Path) -> io::Result<T>) -> io::Result<T> {
    in_a_folder(|folder| {
        let name = format!("procward-warden-{}-{:016x}", std::process::id(), Instance::current().nonce);
        let path = folder.join(name);
        let file = open(&path, OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC, Mode::RWXU)?;
        let started = write_to(&file).and_then(|()| {
            drop(file);
            access(&path, Access::EXEC_OK)?;
            while_busy(|| start(&path))
        });
        let _ = remove_file(&path);
        started
    })
}

fn while_busy<T>(mut start: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    for _ in 0..BUSY_TRIES {
        match start() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => sleep(BUSY_PAUSE),
            other => return other,
        }
    }
    start()
}

/// Calls `make` with each folder that may allow execution until one succeeds. The addon's own folder always allows it.
fn in_a_folder<T>(mut make: impl FnMut(&Path) -> io::Result<T>) -> io::Result<T> {
    static FOLDERS: LazyLock<[Option<PathBuf>; 4]> =
        LazyLock::new(|| [Some(temp_dir()), Some("/dev/shm".into()), Some("/var/tmp".into()), own_folder()]);
    let mut first = None;
    for folder in FOLDERS.iter().flatten() {
        match make(folder) {
            Err(error) if is_refusal(&error) => first = first.or(Some(error)),
            other => return other,
        }
    }
    Err(first.unwrap_or_else(|| ErrorKind::NotFound.into()))
}

/// The folder of the addon, which the system has let this process load code from.
fn own_folder() -> Option<PathBuf> {
    let mut facts = MaybeUninit::<libc::Dl_info>::uninit();
    // SAFETY: the address is one of this code, and the call fills the structure where it tells of success.
    let file = unsafe {
        if libc::dladdr(own_folder as fn() -> Option<PathBuf> as *const libc::c_void, facts.as_mut_ptr()) == 0 {
            return None;
        }
        CStr::from_ptr(facts.assume_init().dli_fname)
    };
    Some(Path::new(std::ffi::OsStr::from_bytes(file.to_bytes())).parent()?.to_path_buf())
}

/// Writes the program and reopens the file read-only, because a file that is open for writing cannot be executed.
fn executable(file: &OwnedFd) -> io::Result<OwnedFd> {
    write_to(file)?;
    let path = path_of(file);
    access(&path, Access::EXEC_OK)?;
    Ok(open(&path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

fn write_to(file: impl AsFd) -> io::Result<()> {
    let mut rest = WARDEN;
    while !rest.is_empty() {
        rest = &rest[write(&file, rest)?..];
    }
    Ok(())
}

fn path_of(file: &OwnedFd) -> PathBuf {
    Path::new("/proc/self/fd").join(file.as_raw_fd().to_string())
}

/// Returns whether a file has the warden's program, whatever its name.
pub fn is_warden(file: File) -> bool {
    let mut bytes = Vec::new();
    let limit = WARDEN.len() as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).is_ok() && bytes == WARDEN
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Runs the program without a channel and arguments, so that it refuses and exits. Only its start matters.
    fn run(path: &Path) -> io::Result<Option<i32>> {
        Ok(Command::new(path).status()?.code())
    }

    #[test]
    fn every_kind_of_file_can_be_executed() {
        for kind in KINDS {
            let mut current = Current { kind: 0, file: None, refusal: None };
            assert_eq!(current.start(kind, 0, &mut run).expect("this system allows it"), Some(1), "{kind:?}");
        }
    }

    #[test]
    fn a_path_means_no_descriptor_that_the_child_overwrites() {
        for kind in [Kind::Memory, Kind::Nameless] {
            let mut current = Current { kind: 0, file: None, refusal: None };
            let started = current.start(kind, 200, &mut |path| {
                let number: RawFd = path.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number");
                assert!(number > 200, "{number}");
                run(path)
            });
            assert_eq!(started.expect("this system allows it"), Some(1), "{kind:?}");
        }
    }

    #[test]
    fn a_file_with_a_name_is_removed_at_once() {
        let mut left = None;
        let started = with_name(&mut |path| {
            left = Some(path.to_path_buf());
            assert!(is_warden(File::open(path)?));
            run(path)
        });
        assert_eq!(started.expect("this system allows it"), Some(1));
        assert!(!left.expect("it was started").exists());
    }

    #[test]
    fn the_own_folder_can_be_executed_from() {
        let folder = own_folder().expect("the linker knows it");
        assert!(folder.is_dir());
    }

    #[test]
    fn only_the_whole_program_is_the_warden() {
        let program = in_memory().expect("this system allows it");
        assert!(is_warden(File::open(path_of(&program)).expect("it is ours")));
        assert!(!is_warden(File::open("/bin/sh").expect("there is a shell")));
        assert!(!is_warden(File::open("/dev/null").expect("it is always there")));
    }
}
