//! Decides after each call whether its session is fit for another one.

use super::error::{CallError, StartError};
use super::in_flight::Attempt;
use super::request::Outcome;
use super::session::Session;
use super::session_factory::SessionFactory;
use crate::pool::Lease;

/// The number of calls in a row that were given up, after which a session is not used again.
const MAX_UNANSWERED: u32 = 2;
/// The code of a server that does not speak the session's version of the protocol any more.
const UNSUPPORTED_VERSION: f64 = -32022.0;

/// Retires a session that is not fit for another call.
///
/// A server that takes one call at a time may still work on a call that was given up, so it is not asked again. A request
/// that stays is left by being given up.
pub fn retire_if_unusable(lease: &Lease<SessionFactory>, attempt: &Attempt, outcome: &Outcome) {
    let session: &Session = lease;
    if let Err(CallError::Exited(end)) = outcome {
        return lease.mark_exited(StartError::Exited(end.clone()));
    }
    let is_unusable = match outcome {
        Err(CallError::TimedOut | CallError::Aborted) if attempt.call.stay.is_some() => session.is_closed(),
        Err(CallError::TimedOut | CallError::Aborted) if attempt.config.rules.max_in_flight == 1 => true,
        Err(CallError::TimedOut) => session.unanswered() >= MAX_UNANSWERED,
        Err(CallError::Refused { code: Some(code), .. }) if *code == UNSUPPORTED_VERSION => true,
        Err(
            CallError::TooLong(_)
            | CallError::Memory { .. }
            | CallError::SessionRefused(_)
            | CallError::Unauthorized(_),
        ) => true,
        _ => session.is_closed(),
    };
    if is_unusable {
        lease.mark_unfit();
    }
}
