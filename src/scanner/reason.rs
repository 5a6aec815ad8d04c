//! The reasons for which a process is ended or spared: each a stable code, and words without a path or a command line.

use crate::code::coded_enum;
use std::fmt;

coded_enum! {
    /// The reason for one verdict.
    pub enum Reason {
        /// A one-shot call that nothing else will end.
        CallTooOld = "call_too_old",
        /// Its tree has ended, the process has not.
        LeftOver = "left_over",
        /// The server that started the process is dead.
        LeftByDeadRun = "left_by_dead_run",
        /// Scope `tree`.
        DescendantTooOld = "descendant_too_old",
        /// Scope `machine`.
        NodeTooOld = "node_too_old",
        /// This server.
        ThisProcess = "this_process",
        /// This server would end with the process.
        Ancestor = "ancestor",
        /// Pid 1.
        Init = "init",
        /// A process of another user.
        OtherUser = "other_user",
        /// A warden kills what it guards, and then exits.
        Warden = "warden",
        /// `PROCWARD_KEEP=1`.
        Kept = "kept",
        /// The `allow` option.
        Allowed = "allowed",
        /// A server that has loaded procward.
        Host = "host",
        /// Started by such a server.
        OtherInstance = "other_instance",
        /// The server that started the process cannot be determined from here.
        Unproven = "unproven",
        /// The executable or the environment could not be read.
        Unidentified = "unidentified",
        /// Named as Node.js, with an executable that is not known to be.
        Unrecognised = "unrecognised",
        /// In another PID namespace.
        OtherNamespace = "other_namespace",
        /// Started together with this server, by one command line.
        SameJob = "same_job",
        /// A cluster worker or a `fork()` child.
        ManagedByNode = "managed_by_node",
        /// A call within its own timeout.
        WithinDeadline = "within_deadline",
        /// A session or a worker that is kept for the next call.
        Pooled = "pooled",
        /// Its tree holds a process that is spared.
        SparedTree = "spared_tree",
        /// Not older than the maximum age.
        Young = "young",
        /// So young that the lists may lack its server.
        Unsettled = "unsettled",
        /// Nothing shows that this server started the process.
        NotOurs = "not_ours",
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
