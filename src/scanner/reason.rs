//! Why a process is ended or spared, in words that give away no path and no command line.

use std::fmt;

/// The reason for one verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// A one-shot call that nothing else will end.
    CallTooOld,
    /// Its tree has ended, it has not.
    LeftOver,
    /// The server that started it is gone.
    LeftByDeadRun,
    /// Scope `tree`.
    DescendantTooOld,
    /// Scope `machine`.
    NodeTooOld,
    /// This server.
    ThisProcess,
    /// This server would go with it.
    Ancestor,
    /// Pid 1.
    Init,
    /// Not ours to judge.
    OtherUser,
    /// It ends what it guards, and then itself.
    Warden,
    /// `PROCWARD_KEEP=1`.
    Kept,
    /// The `allow` option.
    Allowed,
    /// A server that has loaded procward.
    Host,
    /// What such a server started.
    OtherInstance,
    /// Whose it is cannot be proven from here.
    Unproven,
    /// Its executable or its environment could not be read.
    Unidentified,
    /// Named as Node.js, with an executable that is not known to be.
    Unrecognised,
    /// In another PID namespace.
    OtherNamespace,
    /// Started with this server, by one command line.
    SameJob,
    /// A cluster worker or a `fork()` child.
    ManagedByNode,
    /// A call that may still take its time.
    WithinDeadline,
    /// Kept on purpose, for the next call.
    Pooled,
    /// The tree that it belongs to holds a process that is spared.
    SparedTree,
    /// Not old enough.
    Young,
    /// So young that its server may have been missed.
    Unsettled,
    /// Nothing shows it to be ours.
    NotOurs,
}

impl Reason {
    /// For counting what was ended, in one word.
    pub fn name(self) -> &'static str {
        match self {
            Self::CallTooOld => "call_too_old",
            Self::LeftOver => "left_over",
            Self::LeftByDeadRun => "left_by_dead_run",
            Self::DescendantTooOld => "descendant_too_old",
            Self::NodeTooOld => "node_too_old",
            _ => "spared",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::CallTooOld => "a call older than the maximum age, with no longer timeout of its own",
            Self::LeftOver => "left over from a call of this server that has ended",
            Self::LeftByDeadRun => "left behind by a server that is no longer running",
            Self::DescendantTooOld => "a Node.js process started under this server, older than the maximum age",
            Self::NodeTooOld => "a Node.js process of this user, older than the maximum age",
            Self::ThisProcess => "this server",
            Self::Ancestor => "an ancestor of this server",
            Self::Init => "the first process of the system",
            Self::OtherUser => "belongs to another user",
            Self::Warden => "guards a call, and ends with it",
            Self::Kept => "asked to be kept by PROCWARD_KEEP=1",
            Self::Allowed => "on the list of allowed processes",
            Self::Host => "a server that uses procward itself",
            Self::OtherInstance => "belongs to another server that is running",
            Self::Unproven => "may belong to a server that cannot be seen from here",
            Self::Unidentified => "what it is could not be read",
            Self::Unrecognised => "looks like Node.js, but its executable is not known to be",
            Self::OtherNamespace => "in another PID namespace, such as a container",
            Self::SameJob => "of the same job as this server",
            Self::ManagedByNode => "managed by Node.js itself: a cluster worker or a fork() child",
            Self::WithinDeadline => "a call within its own timeout",
            Self::Pooled => "kept for the next call",
            Self::SparedTree => "belongs to a call with a process that is to be spared",
            Self::Young => "not old enough",
            Self::Unsettled => "has only just started, perhaps by a server that has too",
            Self::NotOurs => "not started by this server",
        })
    }
}
