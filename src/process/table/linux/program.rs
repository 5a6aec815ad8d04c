//! The program of a process, by its executable, and beside this server's own.

use super::facts::undeleted;
use crate::process::table::Kind;
use crate::process::table::node::{is_electron, is_like_node, is_node, runs_others};
use once_cell::sync::Lazy;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::fs::{metadata, read_link};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The executables that were seen in one scan: most processes share a few, and each file is looked at once.
#[derive(Debug, Default)]
pub(super) struct Programs(Mutex<HashMap<PathBuf, bool>>);

/// This server's own executable, where that is what its Node.js runs from.
struct Own {
    path: PathBuf,
    file: Option<File>,
}

/// A file, under whatever name.
#[derive(PartialEq, Eq)]
struct File {
    device: u64,
    inode: u64,
}

impl Programs {
    /// What a process runs. `runs_as_node` is what its environment says to Electron, and `title` the kernel's name of it.
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
    /// An emulator's file, or the linker's, is that of many programs; an Electron app's is also that of its windows.
    fn find() -> Option<Self> {
        let link = read_link("/proc/self/exe").ok()?;
        let (file, path) = (File::at(Path::new("/proc/self/exe")), undeleted(link.clone()));
        // An emulator says the name of its program, but its file is its own. Of a replaced file the kernel says so.
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
