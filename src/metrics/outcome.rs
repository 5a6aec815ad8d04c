//! The ways in which a call ends, and the reasons for which a call gets no slot. The codes are label values.

use crate::code::coded_enum;

coded_enum! {
    /// The way in which a call ended.
    pub enum Outcome {
        /// With a result.
        Ok = "ok",
        /// With a result that the tool itself calls an error.
        Tool = "tool",
        /// The server refused the request, or answered with something else.
        Protocol = "protocol",
        /// No answer within the call's timeout.
        Timeout = "timeout",
        /// The caller gave the call up.
        Aborted = "aborted",
        /// The server exited while the call was in flight.
        Exited = "exited",
        /// The server could not be started.
        Start = "start",
        /// The server failed too often to be started again at once.
        Unavailable = "unavailable",
        /// The server wants a token.
        Unauthorized = "unauthorized",
        /// No such server or tool.
        Unknown = "unknown",
        /// A process of mcporter could not make the call.
        Mcporter = "mcporter",
        /// The cleanup scanner killed the call.
        Cleanup = "cleanup",
        /// More output than `maxBuffer`.
        MaxBuffer = "max_buffer",
        /// The pool or the helper was shut down.
        Closed = "closed",
        /// Any other error.
        Error = "error",
    }
}

coded_enum! {
    /// The reason for which a call got no slot.
    pub enum Rejection {
        /// Its time in the queue ran out.
        Timeout = "timeout",
        /// Its caller gave it up.
        Aborted = "aborted",
        /// The queue was full.
        Full = "full",
        /// The semaphore was closed.
        Closed = "closed",
    }
}
