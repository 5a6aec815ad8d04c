//! Things to do for the driver.

use super::{Mode, RequestNumber};
use crate::fleet::script::{CallId, Command, Fence, LimitsFound, Ticket};

/// The reason that a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Failure(pub String);

/// A thing to do for the driver, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send a command on the current connection. Its answer comes back by [`Client::answered`].
    Send {
        /// The number of the request.
        number: RequestNumber,
        /// The command.
        command: Command,
    },
    /// Give the current connection up and make another one. The client has forgotten the requests on it, and
    /// [`Client::disconnected`] need not be called for it.
    Reconnect {
        /// The reason, for people.
        reason: String,
    },
    /// A call has its slots.
    Granted {
        /// The call.
        id: CallId,
        /// The fence; `None` for a call that starts while Redis is away.
        fence: Option<Fence>,
        /// The ticket; `None` if the call did not wait in Redis.
        ticket: Option<Ticket>,
    },
    /// A call must end, because Redis may soon hand its slots on. [`Client::release`] is still due when it has ended.
    Lost {
        /// The call.
        id: CallId,
        /// Its fence.
        fence: Option<Fence>,
    },
    /// A waiting call is over, because Redis is away.
    Refused {
        /// The call.
        id: CallId,
        /// The reason, for people.
        reason: String,
    },
    /// The state of the connection changed.
    Mode(Mode),
    /// A process of the fleet has other limits.
    LimitsDiffer(LimitsFound),
}
