//! The folder of the slot files, which no other user can write to.

use std::io;
use std::path::{Path, PathBuf};

/// The reason that a folder cannot hold slot files.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The system's error.
    #[error("{}: {error}", folder.display())]
    System {
        /// The folder.
        folder: PathBuf,
        /// The error.
        error: io::Error,
    },
    /// Another user could take or free slots.
    #[error("{}: belongs to another user or is open to others (wanted: a folder of this user with mode 0700)", .0.display())]
    NotPrivate(PathBuf),
    /// Locks on another machine's files are slow, or are no locks.
    #[error("{}: is on a network file system", .0.display())]
    Network(PathBuf),
}

/// A checked folder.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, or makes it. Without a path it is the user's own in memory, named by the user's id alone.
    ///
    /// # Errors
    /// See [`FolderError`].
    pub fn open(path: Option<&Path>) -> Result<Self, FolderError> {
        let folder = path.map_or_else(own_folder, Path::to_path_buf);
        let made = make_private(&folder);
        let checked = made.and_then(|()| platform::check(&folder));
        match checked {
            Ok(platform::Kind::Private) => Ok(Self(folder)),
            Ok(platform::Kind::Open) => Err(FolderError::NotPrivate(folder)),
            Ok(platform::Kind::Network) => Err(FolderError::Network(folder)),
            Err(error) => Err(FolderError::System { folder, error }),
        }
    }

    /// Returns the path of the folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Returns the path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Makes the folder again after a cleaner has removed it.
    ///
    /// # Errors
    /// The system's error.
    pub fn restore(&self) -> io::Result<()> {
        make_private(&self.0)
    }
}

/// Makes the last folder of the path. A missing folder above it is an error, because it may not be mounted yet.
fn make_private(folder: &Path) -> io::Result<()> {
    match platform::make(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

#[cfg(unix)]
fn own_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
    parent.join(format!("procward-{}", rustix::process::geteuid().as_raw()))
}

#[cfg(windows)]
fn own_folder() -> PathBuf {
    std::env::temp_dir().join("procward")
}

#[cfg(unix)]
mod platform {
    use rustix::fs::{FileType, Mode, lstat};
    use rustix::process::geteuid;
    use std::fs::DirBuilder;
    use std::io;
    use std::os::unix::fs::DirBuilderExt;
    use std::path::Path;

    pub enum Kind {
        Private,
        Open,
        Network,
    }

    pub fn make(folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)
    }

    /// Looks at the folder itself: a link could be turned elsewhere by its owner.
    pub fn check(folder: &Path) -> io::Result<Kind> {
        let facts = lstat(folder)?;
        if FileType::from_raw_mode(facts.st_mode) != FileType::Directory {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let is_open = Mode::from_raw_mode(facts.st_mode).intersects(Mode::RWXG | Mode::RWXO);
        if facts.st_uid != geteuid().as_raw() || is_open {
            return Ok(Kind::Open);
        }
        Ok(if is_network(folder)? { Kind::Network } else { Kind::Private })
    }

    /// The kinds of network file systems, as statfs(2) of Linux lists them: NFS, SMB (two kinds), CIFS, 9P, AFS, Ceph,
    /// FUSE (sshfs and the like), Coda and OCFS2.
    #[cfg(target_os = "linux")]
    const NETWORK: [u64; 10] = [
        0x6969,
        0x517b,
        0xfe53_4d42,
        0xff53_4d42,
        0x0102_1997,
        0x5346_414f,
        0x00c3_6400,
        0x6573_5546,
        0x7375_7245,
        0x7461_636f,
    ];

    #[cfg(target_os = "linux")]
    fn is_network(folder: &Path) -> io::Result<bool> {
        let kind = rustix::fs::statfs(folder)?.f_type;
        // The kernel's field is signed, and narrower on some processors.
        let kind = u64::from(u32::try_from(i128::from(kind) & 0xffff_ffff).unwrap_or_default());
        Ok(NETWORK.contains(&kind))
    }

    #[cfg(target_os = "macos")]
    fn is_network(folder: &Path) -> io::Result<bool> {
        const LOCAL: u32 = 0x1000;
        Ok(rustix::fs::statfs(folder)?.f_flags & LOCAL == 0)
    }
}

#[cfg(windows)]
mod platform {
    use std::io;
    use std::path::Path;

    #[expect(dead_code, reason = "the user's own temporary folder is private, and is on a local disk")]
    pub enum Kind {
        Private,
        Open,
        Network,
    }

    pub fn make(folder: &Path) -> io::Result<()> {
        std::fs::create_dir(folder)
    }

    pub fn check(folder: &Path) -> io::Result<Kind> {
        if folder.to_string_lossy().starts_with(r"\\") {
            return Ok(Kind::Network);
        }
        if folder.is_dir() { Ok(Kind::Private) } else { Err(io::ErrorKind::NotADirectory.into()) }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn temporary(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("procward-folder-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).expect("the temporary folder is writable");
        folder
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let parent = temporary("modes");
        for (mode, is_private) in [(0o700, true), (0o755, false), (0o710, false), (0o702, false)] {
            let folder = parent.join(format!("{mode:o}"));
            fs::create_dir(&folder).expect("it is new");
            fs::set_permissions(&folder, Permissions::from_mode(mode)).expect("it is ours");
            let opened = Folder::open(Some(&folder));
            assert_eq!(opened.is_ok(), is_private, "{mode:o}");
            assert!(is_private || matches!(opened, Err(FolderError::NotPrivate(_))), "{mode:o}");
        }
        fs::remove_dir_all(parent).expect("it is ours");
    }

    #[test]
    fn a_link_and_a_file_are_refused() {
        let parent = temporary("links");
        fs::create_dir(parent.join("target")).expect("it is new");
        symlink(parent.join("target"), parent.join("link")).expect("it is new");
        fs::write(parent.join("file"), "").expect("it is new");
        for name in ["link", "file"] {
            let refused = Folder::open(Some(&parent.join(name))).expect_err(name);
            assert!(refused.to_string().contains(name), "{refused}");
        }
        fs::remove_dir_all(parent).expect("it is ours");
    }

    #[test]
    fn a_missing_folder_is_made_and_a_missing_parent_is_not() {
        let parent = temporary("missing");
        let folder = Folder::open(Some(&parent.join("new"))).expect("it can be made");
        assert!(folder.file("x").starts_with(parent.join("new")));
        assert!(Folder::open(Some(&parent.join("none/new"))).is_err());
        fs::remove_dir_all(parent).expect("it is ours");
    }
}
