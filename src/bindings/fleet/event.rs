//! The events of a place in a fleet, as objects.

use crate::fleet::driver::Event;
use napi_derive::napi;

/// The kind of an event.
#[napi(string_enum = "lowercase")]
pub enum FleetEventKind {
    /// A call has its slots.
    Granted,
    /// A waiting call was cancelled.
    Cancelled,
    /// A waiting call is over, because Redis is away.
    Refused,
    /// A call that holds slots must end, and be released when it has ended.
    Lost,
    /// A process of the fleet has other limits.
    Limits,
}

/// An event.
#[napi(object, object_from_js = false)]
pub struct FleetEvent {
    /// The kind of the event.
    pub kind: FleetEventKind,
    /// The call, of an event of a call.
    pub id: Option<f64>,
    /// The fence, of `granted` and `lost`.
    pub fence: Option<f64>,
    /// The ticket of a call that waited in Redis, of `granted`.
    pub ticket: Option<f64>,
    /// The reason, of `refused`.
    pub reason: Option<String>,
    /// True if the other limits stay in force, of `limits`.
    pub in_force: Option<bool>,
    /// The other overall limit, of `limits`.
    pub limit: Option<u32>,
}

impl From<Event> for FleetEvent {
    fn from(event: Event) -> Self {
        let of = |kind| Self { kind, id: None, fence: None, ticket: None, reason: None, in_force: None, limit: None };
        match event {
            Event::Granted { id, fence, ticket } => Self {
                id: Some(number(id)),
                fence: fence.map(number),
                ticket: ticket.map(number),
                ..of(FleetEventKind::Granted)
            },
            Event::Cancelled(id) => Self { id: Some(number(id)), ..of(FleetEventKind::Cancelled) },
            Event::Refused { id, reason } => {
                Self { id: Some(number(id)), reason: Some(reason), ..of(FleetEventKind::Refused) }
            }
            Event::Lost { id, fence } => {
                Self { id: Some(number(id)), fence: fence.map(number), ..of(FleetEventKind::Lost) }
            }
            Event::LimitsDiffer(found) => Self {
                in_force: Some(found.are_in_force),
                limit: Some(found.terms.limit),
                ..of(FleetEventKind::Limits)
            },
        }
    }
}

/// Converts a number below 2^53.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub fn number(number: u64) -> f64 {
    number as f64
}
