//! One server within the limit: what holds its calls back.

use super::rate::{Opening, Rate, Window};
use std::collections::BTreeSet;
use std::time::Duration;

/// Identifies a waiter. Tickets rise in the order of arrival.
pub type Ticket = u64;

/// The limits of a server. A server without an entry has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// The most slots that the server's calls hold at once.
    pub limit: Option<u32>,
    /// The most calls that start within an interval.
    pub rate: Option<Rate>,
}

/// The reason that a server's first waiter does not start, as far as the server goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Nothing of the server's: the overall limit decides.
    None,
    /// Its limit, until one of its slots is released.
    Limit,
    /// Its rate, until this time, or until a call is sent.
    Rate(Option<Duration>),
    /// Its pause, until this time.
    Pause(Duration),
    /// The pause between two starts of the server, until this time.
    Start(Duration),
}

/// The state of one server.
#[derive(Debug)]
pub struct Server {
    pub name: Box<str>,
    /// True if limits were given for the server. Only other servers are forgotten.
    pub is_configured: bool,
    pub limit: Option<u32>,
    pub window: Option<Window>,
    /// The slots that its calls hold.
    pub in_use: u32,
    pub paused_until: Duration,
    /// The time of its next start, after a start that failed.
    pub starts_at: Duration,
    pub queue: BTreeSet<Ticket>,
    /// The place in the limiter's lists.
    pub listed: Listed,
}

/// The list that has the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Listed {
    /// None: nothing waits, or a release has to come first.
    #[default]
    Nowhere,
    /// That of the servers that may start this waiter.
    Startable(Ticket),
    /// That of the servers to look at again at this time.
    Timed(Duration),
}

impl Server {
    pub fn new(name: &str, limits: Option<Limits>) -> Self {
        let Limits { limit, rate } = limits.unwrap_or_default();
        Self {
            name: name.into(),
            is_configured: limits.is_some(),
            limit,
            window: rate.map(Window::new),
            in_use: 0,
            paused_until: Duration::ZERO,
            starts_at: Duration::ZERO,
            queue: BTreeSet::new(),
            listed: Listed::default(),
        }
    }

    /// Returns what holds back a call of this cost.
    pub fn hold(&mut self, cost: u32, now: Duration) -> Hold {
        if self.paused_until > now {
            return Hold::Pause(self.paused_until);
        }
        if self.starts_at > now {
            return Hold::Start(self.starts_at);
        }
        if self.limit.is_some_and(|limit| self.in_use.saturating_add(cost) > limit) {
            return Hold::Limit;
        }
        match self.window.as_mut().map_or(Opening::Now, |window| window.opening(now)) {
            Opening::Now => Hold::None,
            Opening::At(time) => Hold::Rate(Some(time)),
            Opening::AfterSend => Hold::Rate(None),
        }
    }

    /// Returns the end of the longer of its pauses, if one lasts.
    pub fn closed_until(&self, now: Duration) -> Option<Duration> {
        Some(self.paused_until.max(self.starts_at)).filter(|until| *until > now)
    }

    /// Returns whether the server can be forgotten.
    pub fn is_idle(&self, now: Duration) -> bool {
        !self.is_configured && self.in_use == 0 && self.queue.is_empty() && self.closed_until(now).is_none()
    }
}
