//! The command that a tree is started with.

use std::ffi::OsString;
use std::path::PathBuf;

/// What to start.
#[derive(Debug, Clone)]
pub struct Spec {
    /// The command as it was asked for; the child sees it as its own name.
    pub command: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its working directory; the server's where there is none.
    pub directory: Option<PathBuf>,
    /// Its whole environment, without the tag.
    pub environment: Vec<(OsString, OsString)>,
    /// The number that names the tree within this server.
    pub number: u64,
    /// What the root leaves behind when it exits may stay.
    pub detached: bool,
    /// Where there are wardens: whether the tree gets one.
    pub guarded: bool,
}

impl Spec {
    /// Where a bare command name is looked for.
    pub(super) fn search_path(&self) -> Option<&OsString> {
        let is_path = |name: &OsString| if cfg!(windows) { name.eq_ignore_ascii_case("PATH") } else { name == "PATH" };
        // Windows may have it in two spellings, of which the child gets the last.
        self.environment.iter().rfind(|(name, _)| is_path(name)).map(|(_, value)| value)
    }
}
