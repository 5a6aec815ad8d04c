//! The `allow` option: processes that the user wants spared.

use crate::error::Error;
use crate::process::table::ProcessInfo;
use regress::Regex;
use std::ffi::OsStr;
use std::fs::canonicalize;
use std::path::{Path, PathBuf};

/// One entry of the `allow` option.
#[derive(Debug, Clone)]
pub enum Allow {
    /// The process with this pid.
    Pid(u32),
    /// Processes of an executable.
    Executable(Executable),
    /// Processes whose command line, joined by spaces, matches.
    CommandLine(Regex),
}

/// An executable as the user names it: by its path, by its file name, or by those of a link to it.
#[derive(Debug, Clone, Default)]
pub struct Executable {
    name: String,
    /// The folders in which commands are looked for.
    folders: Vec<PathBuf>,
    /// The files that the name leads to now.
    files: Vec<PathBuf>,
}

impl Allow {
    /// Creates an entry for an executable, by a path, or by a name that is looked up in these folders too.
    pub fn executable(name: String, folders: impl IntoIterator<Item = String>) -> Self {
        let folders = folders.into_iter().map(PathBuf::from).collect();
        Self::Executable(Executable { name, folders, files: Vec::new() })
    }

    /// Creates an entry from a JavaScript regular expression.
    ///
    /// # Errors
    /// Returns `ERR_INVALID_CONFIG` for an expression with a syntax error.
    pub fn pattern(source: &str, flags: &str) -> Result<Self, Error> {
        let invalid = |_| Error::InvalidConfig {
            name: "allow",
            expected: "a regular expression that JavaScript accepts",
            got: format!("/{source}/{flags}"),
        };
        Regex::with_flags(source, flags).map(Self::CommandLine).map_err(invalid)
    }

    /// Resolves the links that an executable's name leads through now.
    pub fn follow_links(&mut self) {
        if let Self::Executable(executable) = self {
            executable.files = executable.places().iter().filter_map(|place| canonicalize(place).ok()).collect();
        }
    }

    /// Tells whether the entry needs command lines. An executable does, because a link by which a program was started
    /// stands only there.
    pub fn reads_command_lines(&self) -> bool {
        matches!(self, Self::CommandLine(_) | Self::Executable(_))
    }

    /// Tells whether the entry spares a process.
    pub fn matches(&self, process: &ProcessInfo) -> bool {
        match self {
            Self::Pid(pid) => *pid == process.link.pid,
            Self::Executable(executable) => {
                let started_by = process.command_line.first().map(Path::new);
                let path = process.executable.as_deref();
                path.is_some_and(|path| executable.files.iter().any(|file| file == path))
                    || path.into_iter().chain(started_by).any(|path| executable.is_named_by(path))
            }
            Self::CommandLine(pattern) => pattern.find(&process.command_line.join(" ")).is_some(),
        }
    }
}

impl Executable {
    fn is_named_by(&self, path: &Path) -> bool {
        path == Path::new(&self.name) || path.file_name() == Some(OsStr::new(&self.name))
    }

    fn places(&self) -> Vec<PathBuf> {
        let name = Path::new(&self.name);
        if name.is_absolute() {
            vec![name.to_owned()]
        } else if name.file_name() == Some(name.as_os_str()) {
            self.folders.iter().map(|folder| folder.join(name)).collect()
        } else {
            Vec::new()
        }
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use crate::scanner::verdict::fixture::{node, with};
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_stands_for_its_target() {
        let folder = std::env::temp_dir().join(format!("procward-allow-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a new folder");
        let folder = canonicalize(folder).expect("it is there");
        std::fs::write(folder.join("tool-3.11"), "").expect("a writable folder");
        symlink("tool-3.11", folder.join("tool-3")).expect("a link");
        symlink("tool-3", folder.join("tool")).expect("a link to a link");
        let process = |executable: &str, command: &str| {
            let change = |process: &mut ProcessInfo| {
                process.executable = Some(folder.join(executable));
                process.command_line = vec![command.to_owned()];
            };
            with(change, node(200, 1))
        };
        let text = |name: &str| folder.join(name).to_string_lossy().into_owned();
        let table = [
            (text("tool"), "my server", true),
            (text("tool-3"), "my server", true),
            (text("tool-3.11"), "my server", true),
            ("tool".to_owned(), "my server", true),
            ("tool-3.11".to_owned(), "my server", true),
            ("sh".to_owned(), "/bin/sh", true),
            ("/bin/sh".to_owned(), "/bin/sh", true),
            ("sh".to_owned(), "sh -c tool", false),
            (text("no-tool"), "my server", false),
            ("no-tool".to_owned(), "my server", false),
            ("./tool".to_owned(), "my server", false),
            ("..".to_owned(), "my server", false),
        ];
        for (name, command, expected) in table {
            let mut allow = Allow::executable(name.clone(), ["/nowhere".to_owned(), text("")]);
            allow.follow_links();
            assert_eq!(allow.matches(&process("tool-3.11", command)), expected, "{name} {command}");
        }
        std::fs::remove_dir_all(&folder).expect("no other test uses it");
    }
}
