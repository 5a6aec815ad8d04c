//! One member of a pool.

use crate::pool::reason::Retirement;
use crate::pool::rules::Rules;
use std::time::{Duration, Instant};

/// Identifies a definition of a key. A key that is retired and defined again gets another one.
pub type KindId = u64;

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Member<K> {
    pub key: K,
    pub kind: KindId,
    pub phase: Phase,
    /// The instant at which the start was begun.
    pub since: Instant,
    /// The instant at which the start succeeded.
    pub ready_at: Instant,
    /// The instant at which the last lease came back, or the start succeeded.
    pub idle_since: Instant,
    /// A count that rises with each use of any member: the lowest is the least recently used.
    pub touched: u64,
    pub in_flight: u32,
    /// The number of leases that were turned into holds.
    pub holds: u32,
    pub uses: u64,
    /// True after a use in which the member was not found unfit.
    pub served: bool,
    /// The reason why the member takes no more work.
    pub retiring: Option<Retirement>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Starting,
    Ready,
    Ending,
}

impl<K> Member<K> {
    pub fn new(key: K, kind: KindId, now: Instant) -> Self {
        Self {
            key,
            kind,
            phase: Phase::Starting,
            since: now,
            ready_at: now,
            idle_since: now,
            touched: 0,
            in_flight: 0,
            holds: 0,
            uses: 0,
            served: false,
            retiring: None,
        }
    }

    /// Returns whether the member will serve waiters for `kind`.
    pub fn is_coming(&self, kind: KindId) -> bool {
        self.kind == kind && self.phase == Phase::Starting && self.retiring.is_none()
    }

    /// Returns whether the member serves, or soon will.
    pub fn is_staying(&self) -> bool {
        self.phase != Phase::Ending && self.retiring.is_none()
    }

    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Ready && self.in_flight == 0
    }

    /// Returns whether the member is idle and may be ended for that.
    pub fn is_disposable(&self) -> bool {
        self.is_idle() && self.holds == 0
    }

    /// Returns whether the member can be leased once more.
    pub fn is_available(&self, rules: &Rules) -> bool {
        let unspent = rules.max_uses.is_none_or(|most| self.uses < most);
        self.phase == Phase::Ready && self.retiring.is_none() && self.in_flight < rules.max_in_flight && unspent
    }

    /// Returns the instant at which the member reaches its greatest age; `None` for never.
    pub fn expires(&self, number: u64, rules: &Rules) -> Option<Instant> {
        let lifetime = rules.max_lifetime?;
        self.ready_at.checked_add(lifetime.checked_add(jitter(lifetime, number))?)
    }
}

/// Returns up to a tenth of the lifetime, so that members that started together do not end together.
fn jitter(lifetime: Duration, number: u64) -> Duration {
    // The multiplier is 2^64 divided by the golden ratio, which spreads consecutive numbers evenly.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    let part = u32::try_from(spread).unwrap_or_default();
    lifetime / 10 / 65_536 * part
}
