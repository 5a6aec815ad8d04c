//! A file whose lock is a slot.

use super::folder::Folder;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// A file with a lock that its process holds at most once. The kernel frees the lock when the process dies.
#[derive(Debug)]
pub struct SlotFile {
    path: PathBuf,
    file: Option<File>,
}

impl SlotFile {
    /// Names the file, which is opened when it is locked.
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    /// Locks the file if no other has locked it. Returns whether it is locked now.
    pub fn try_lock(&mut self, folder: &Folder) -> io::Result<bool> {
        self.lock_with(folder, |file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    /// Locks the file, and blocks the thread until then.
    #[cfg(not(target_os = "linux"))]
    pub fn lock(&mut self, folder: &Folder) -> io::Result<()> {
        self.lock_with(folder, |file| file.lock().map(|()| true)).map(drop)
    }

    /// Unlocks the file.
    pub fn unlock(&self) {
        if let Some(file) = &self.file {
            // Fails for a file that is not locked, which is as good.
            let _ = file.unlock();
        }
    }

    /// Returns whether the file that was locked is still there under its name.
    pub fn is_current(&self) -> bool {
        self.file.as_ref().is_some_and(|file| is_current(file, &self.path))
    }

    fn lock_with(&mut self, folder: &Folder, lock: impl Fn(&File) -> io::Result<bool>) -> io::Result<bool> {
        loop {
            let file = match self.file.take() {
                Some(file) => file,
                None => open(&self.path, folder)?,
            };
            let is_locked = lock(&file)?;
            // A cleaner of temporary files may have removed the file, and another process may have made a new one.
            if !is_locked || is_current(&file, &self.path) {
                self.file = Some(file);
                return Ok(is_locked);
            }
        }
    }
}

/// Opens the file so that no child inherits it: a lock lasts as long as any copy of its descriptor.
pub fn open(path: &Path, folder: &Folder) -> io::Result<File> {
    let mut options = options();
    options.write(true).create(true).truncate(false);
    let opened = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => folder.restore().and_then(|()| options.open(path)),
        opened => opened,
    };
    opened.map_err(|error| named(path, &error))
}

/// Opens an existing file.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    options().open(path)
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Neither a link to elsewhere nor a pipe, whose opening could block, is a slot.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options
}

/// Returns the system's error with the file's path.
pub fn named(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(unix)]
pub fn is_current(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |facts: std::fs::Metadata| (facts.dev(), facts.ino());
    file.metadata().ok().map(identity) == std::fs::metadata(path).ok().map(identity)
}

/// Windows keeps the name of an open file.
#[cfg(windows)]
pub fn is_current(_: &File, _: &Path) -> bool {
    true
}
