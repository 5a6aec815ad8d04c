//! The variables of a process's environment that tell its owner.

use crate::process::tag::Tag;

/// The variables that matter here. No other variable is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// The tag of the tree that the process was started in.
    pub tag: Option<Tag>,
    /// The process's owner wants the process spared.
    pub keep: bool,
    /// Node.js manages the process: a cluster worker, or a `fork()` child with its channel.
    pub managed_by_node: bool,
    /// Electron is to run as Node.js.
    pub runs_as_node: bool,
}

impl Environment {
    /// Reads `NAME=value` entries. The first of two entries with one name counts, as in `getenv`.
    pub fn read<'a>(entries: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut read = Self::default();
        let (mut tag, mut keep) = (None, None);
        for entry in entries {
            let Some(at) = entry.iter().position(|byte| *byte == b'=') else {
                continue;
            };
            let value = &entry[at + 1..];
            match &entry[..at] {
                b"PROCWARD_KEEP" => keep = keep.or(Some(value)),
                b"NODE_UNIQUE_ID" | b"NODE_CHANNEL_FD" => read.managed_by_node = true,
                b"ELECTRON_RUN_AS_NODE" => read.runs_as_node |= !value.is_empty(),
                name if name == Tag::VARIABLE.as_bytes() => tag = tag.or(Some(value)),
                _ => {}
            }
        }
        read.tag = tag.and_then(|value| Tag::parse(str::from_utf8(value).ok()?));
        read.keep = keep == Some(b"1");
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Environment {
        Environment::read(text.split('\0').map(str::as_bytes))
    }

    #[test]
    fn only_exact_variable_names_count() {
        let tag = "w:42:1700:00000000000000ff:7";
        assert_eq!(read(""), Environment::default());
        assert_eq!(read("PATH=/bin\0PROCWARD_KEEPS=1\0X=PROCWARD_KEEP=1"), Environment::default());
        assert!(read("A=\0PROCWARD_KEEP=1\0").keep);
        assert!(!read("PROCWARD_KEEP=0").keep);
        assert!(!read("PROCWARD_KEEP=0\0PROCWARD_KEEP=1").keep);
        assert!(read("NODE_UNIQUE_ID=1").managed_by_node);
        assert!(read("NODE_CHANNEL_FD=3").managed_by_node);
        assert!(read("ELECTRON_RUN_AS_NODE=1").runs_as_node && !read("ELECTRON_RUN_AS_NODE=").runs_as_node);
        assert_eq!(read(&format!("PROCWARD_TAG={tag}")).tag, Tag::parse(tag));
        assert_eq!(read("PROCWARD_TAG=1\0PROCWARD_TAG=w:42:1700:00000000000000ff:7").tag, None);
    }
}
