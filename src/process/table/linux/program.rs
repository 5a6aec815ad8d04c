//! The program of a process, by its executable and in comparison with this server's own.

use super::facts::undeleted;
use crate::process::table::Kind;
use crate::process::table::node::{is_electron, is_like_node, is_node, runs_others};
use once_cell::sync::Lazy;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{metadata, read_link};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The executables seen in one scan. Most processes share a few, and each file is examined once.
#[derive(Debug, Default)]
pub(super) struct Programs(Mutex<HashMap<PathBuf, bool>>);

/// This server's own executable, if Node.js itself runs from it.
struct Own {
    path: PathBuf,
    file: Option<File>,
}

/// A file, identified without its name.
#[derive(PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
}

impl Programs {
    /// Returns the kind of a process's program. `runs_as_node` comes from Electron's variable, and `title` from the
    /// kernel.
    pub fn kind(&self, pid: i32, executable: Option<&Path>, runs_as_node: bool, title: &str) -> Kind {
        let is_node = executable
            .is_some_and(|executable| self.is_node(pid, executable) || (runs_as_node && is_electron(executable)));
        if is_node {
            Kind::Node
        } else if runs_as_node || is_like_node(title) {
            Kind::LikeNode
        } else {
            Kind::Other
        }
    }

    fn is_node(&self, pid: i32, executable: &Path) -> bool {
        static OWN: Lazy<Option<Own>> = Lazy::new(Own::find);
        if let Some(known) = self.0.lock().get(executable) {
            return *known;
        }
        let found = is_node(executable) || OWN.as_ref().is_some_and(|own| own.is(pid, executable));
        self.0.lock().insert(executable.to_owned(), found);
        found
    }
}

impl Own {
    /// Returns this server's executable, unless other programs run from the same file: an emulator, the linker, or an
    /// Electron app.
    fn find() -> Option<Self> {
        let link = read_link("/proc/self/exe").ok()?;
        let (file, path) = (File::at(Path::new("/proc/self/exe")), undeleted(link.clone()));
        // Under an emulator `/proc/self/exe` names the program but opens the emulator. The kernel marks the path of a
        // replaced file.
        let is_emulated = link == path && !is_same(file.as_ref(), File::at(&path).as_ref());
        (!is_emulated && !runs_others(&path) && !is_electron(&path)).then_some(Self { path, file })
    }

    fn is(&self, pid: i32, executable: &Path) -> bool {
        let file = || File::at(Path::new(&format!("/proc/{pid}/exe")));
        executable == self.path || is_same(self.file.as_ref(), file().as_ref())
    }
}

impl File {
    fn at(path: &Path) -> Option<Self> {
        metadata(path).ok().map(|file| Self { device: file.dev(), inode: file.ino() })
    }
}

fn is_same(one: Option<&File>, other: Option<&File>) -> bool {
    one.is_some() && one == other
}
