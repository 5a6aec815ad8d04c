//! What the user wants spared.

use crate::error::Error;
use crate::process::table::ProcessInfo;
use regress::Regex;
use std::path::Path;

/// One entry of the `allow` option.
#[derive(Debug, Clone)]
pub enum Allow {
    /// The process with this pid.
    Pid(u32),
    /// Processes of this executable, by its whole path or by its file name.
    Executable(String),
    /// Processes whose command line, joined by spaces, matches.
    CommandLine(Regex),
}

impl Allow {
    /// An entry from a JavaScript regular expression.
    ///
    /// # Errors
    /// `ERR_INVALID_CONFIG` when it can't be understood.
    pub fn pattern(source: &str, flags: &str) -> Result<Self, Error> {
        let invalid = |_| Error::InvalidConfig {
            name: "allow",
            expected: "a regular expression that JavaScript accepts",
            got: format!("/{source}/{flags}"),
        };
        Regex::with_flags(source, flags).map(Self::CommandLine).map_err(invalid)
    }

    /// Whether it is about command lines.
    pub fn reads_command_lines(&self) -> bool {
        matches!(self, Self::CommandLine(_))
    }

    /// Whether it is about this process.
    pub fn matches(&self, process: &ProcessInfo) -> bool {
        match self {
            Self::Pid(pid) => *pid == process.link.pid,
            Self::Executable(wanted) => {
                let is_wanted = |path: &Path| path == Path::new(wanted) || path.file_name() == Some(wanted.as_ref());
                process.executable.as_deref().is_some_and(is_wanted)
            }
            Self::CommandLine(pattern) => pattern.find(&process.command_line.join(" ")).is_some(),
        }
    }
}
