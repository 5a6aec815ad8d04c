//! The protocol between warden and server, one packet for each message. The server compiles this file too.

/// The length of each packet.
pub const PACKET: usize = 5;

/// The second argument: the warden stays until the processes that the command left behind have exited too.
pub const END_REST: &str = "end";
/// The second argument: the warden exits with the command, and lets the rest go.
pub const LEAVE_REST: &str = "leave";
/// The second argument: the warden leaves the rest alone and stays to reap it, because the server is pid 1 and would
/// have to.
pub const REAP_REST: &str = "reap";

/// The third argument: `/proc` shows this PID namespace.
pub const OWN_PROC: &str = "proc";
/// The third argument: `/proc` is missing, or its numbers mean other processes here.
pub const NO_PROC: &str = "noproc";

/// The process group argument: a new group.
pub const OWN_GROUP: &str = "own";
/// The process group argument: a new session with a new group. Any other value is the number of the group to join.
pub const NEW_SESSION: &str = "session";

/// A report of the warden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// The command runs, with this pid.
    Started(i32),
    /// The command could not be started: the system's error number. The warden exits.
    NotStarted(i32),
    /// The command exited with this code. The warden stays until the rest of the tree has ended.
    Exited(i32),
    /// A signal with this number ended the command.
    Signaled(i32),
    /// The warden cannot work here. Holds the system's error number. The warden exits.
    NoWarden(i32),
}

impl Report {
    /// Converts the report to a packet.
    pub fn to_bytes(self) -> [u8; PACKET] {
        let (kind, value) = match self {
            Self::Started(pid) => (1, pid),
            Self::NotStarted(errno) => (2, errno),
            Self::Exited(code) => (3, code),
            Self::Signaled(signal) => (4, signal),
            Self::NoWarden(errno) => (5, errno),
        };
        let [a, b, c, d] = value.to_le_bytes();
        [kind, a, b, c, d]
    }

    /// Reads a packet. `None` for one of another kind or length.
    pub fn from_bytes(packet: &[u8]) -> Option<Self> {
        let &[kind, a, b, c, d] = packet else { return None };
        let value = i32::from_le_bytes([a, b, c, d]);
        match kind {
            1 => Some(Self::Started(value)),
            2 => Some(Self::NotStarted(value)),
            3 => Some(Self::Exited(value)),
            4 => Some(Self::Signaled(value)),
            5 => Some(Self::NoWarden(value)),
            _ => None,
        }
    }
}

/// An order of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// End the tree, with this many ms between SIGTERM and SIGKILL.
    Terminate(u32),
    /// Send a signal to the command, if the command still runs.
    Signal(i32),
    /// Let the tree outlive the server.
    LetGo,
    /// Start the command. The first order, which the server can take back until the warden has read it.
    Start,
    /// Begin later terminations with this signal instead of SIGTERM.
    FirstSignal(i32),
}

impl Order {
    /// Converts the order to a packet.
    pub fn to_bytes(self) -> [u8; PACKET] {
        let (kind, value) = match self {
            Self::Terminate(grace) => (1, grace),
            Self::Signal(signal) => (2, signal.cast_unsigned()),
            Self::LetGo => (3, 0),
            Self::Start => (4, 0),
            Self::FirstSignal(signal) => (5, signal.cast_unsigned()),
        };
        let [a, b, c, d] = value.to_le_bytes();
        [kind, a, b, c, d]
    }

    /// Reads a packet. `None` for one of another kind or length.
    pub fn from_bytes(packet: &[u8]) -> Option<Self> {
        let &[kind, a, b, c, d] = packet else { return None };
        let value = u32::from_le_bytes([a, b, c, d]);
        match kind {
            1 => Some(Self::Terminate(value)),
            2 => Some(Self::Signal(value.cast_signed())),
            3 => Some(Self::LetGo),
            4 => Some(Self::Start),
            5 => Some(Self::FirstSignal(value.cast_signed())),
            _ => None,
        }
    }
}
