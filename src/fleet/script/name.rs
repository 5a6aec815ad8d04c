//! Names: of a fleet, of a process, of servers.

/// The name of a limit. All its keys begin with `{name}:`, which is one hash slot of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetName(Box<str>);

/// The keys' last parts, in the order in which the script takes them.
const KEYS: [&str; 13] = [
    "conf",
    "limits",
    "use",
    "queue",
    "calls",
    "waits",
    "held",
    "ready",
    "timed",
    "pauses",
    "processes",
    "rates",
    "infos",
];

impl FleetName {
    /// Makes a name. Returns `None` for an empty one, one above 200 bytes, and one with a brace or a control character.
    pub fn new(name: &str) -> Option<Self> {
        let is_valid = |c: char| !c.is_control() && c != '{' && c != '}';
        (!name.is_empty() && name.len() <= 200 && name.chars().all(is_valid)).then(|| Self(name.into()))
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns all keys that the script uses, in its order.
    pub fn keys(&self) -> [String; KEYS.len()] {
        KEYS.map(|part| format!("{{{}}}:{part}", self.0))
    }

    /// Returns the channel on which a process gets its notices.
    pub fn channel(&self, process: &ProcessId) -> String {
        format!("{{{}}}:to:{}", self.0, process.0)
    }
}

/// Identifies a process of the fleet. Each start of a process needs a new one, for example 16 random hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(Box<str>);

impl ProcessId {
    /// Makes an id. Returns `None` unless it has 1 to 64 ASCII letters and digits.
    pub fn new(id: &str) -> Option<Self> {
        let is_valid = !id.is_empty() && id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_valid.then(|| Self(id.into()))
    }

    /// Returns the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A process as people know it, for `procward fleet` and the dashboard.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessInfo {
    /// The machine's name.
    pub host: String,
    /// The number of the process on its machine.
    pub pid: u32,
    /// The user's word for the process, or an empty text.
    pub label: String,
}

/// The most bytes that Redis keeps of a host's name or a label.
const LONGEST_INFO: usize = 200;

impl ProcessInfo {
    pub(super) fn to_text(&self) -> String {
        format!("{}\0{}\0{}", short(&self.host), self.pid, short(&self.label))
    }

    pub(super) fn from_text(text: &str) -> Self {
        let mut parts = text.splitn(3, '\0');
        let mut next = || parts.next().unwrap_or_default().to_owned();
        Self { host: next(), pid: next().parse().unwrap_or(0), label: next() }
    }
}

fn short(text: &str) -> String {
    let end = text.floor_char_boundary(LONGEST_INFO);
    text[..end].replace('\0', " ")
}

/// Writes a server's name without the zero byte, because that byte ends the name in the script's keys.
pub(super) fn escaped(server: &str) -> String {
    server.replace('%', "%25").replace('\0', "%00")
}

pub(super) fn unescaped(server: &str) -> String {
    server.replace("%00", "\0").replace("%25", "%")
}
