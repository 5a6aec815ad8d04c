//! The messages from the server to its watcher, about its trees. The server compiles this file too.

/// The length of a message, which a pipe takes as a whole or not at all.
pub const MESSAGE: usize = 13;

/// A tree's root, identified by pid and start mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeRoot {
    /// The pid, which is also the process group.
    pub pid: u32,
    /// The start mark, in microseconds.
    pub start: u64,
}

/// One message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// A tree was started.
    Started(TreeRoot),
    /// The tree has exited.
    Exited(TreeRoot),
}

impl Message {
    /// Converts the message to bytes.
    pub fn to_bytes(self) -> [u8; MESSAGE] {
        let (kind, TreeRoot { pid, start }) = match self {
            Self::Started(root) => (1, root),
            Self::Exited(root) => (2, root),
        };
        let mut bytes = [kind; MESSAGE];
        bytes[1..5].copy_from_slice(&pid.to_le_bytes());
        bytes[5..].copy_from_slice(&start.to_le_bytes());
        bytes
    }

    /// Reads a message. `None` for one of another kind.
    pub fn from_bytes(bytes: [u8; MESSAGE]) -> Option<Self> {
        let [kind, a, b, c, d, start @ ..] = bytes;
        let root = TreeRoot { pid: u32::from_le_bytes([a, b, c, d]), start: u64::from_le_bytes(start) };
        match kind {
            1 => Some(Self::Started(root)),
            2 => Some(Self::Exited(root)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_record_is_read_back_and_other_bytes_are_refused() {
        let root = TreeRoot { pid: 0x1234_5678, start: 0x0102_0304_0506_0708 };
        for message in [Message::Started(root), Message::Exited(root)] {
            assert_eq!(Message::from_bytes(message.to_bytes()), Some(message));
        }
        assert_eq!(Message::from_bytes([0; MESSAGE]), None);
        assert_eq!(Message::from_bytes([3; MESSAGE]), None);
    }
}
