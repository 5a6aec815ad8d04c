//! What is known of one member.

use super::{KindId, Retirement, Rules};
use std::time::{Duration, Instant};

#[derive(Debug)]
#[cfg_attr(test, derive(Clone))]
pub struct Member<K> {
    pub key: K,
    pub kind: KindId,
    pub phase: Phase,
    /// When its start was begun.
    pub since: Instant,
    /// When its start succeeded.
    pub ready_at: Instant,
    /// When it last came back, or became ready.
    pub idle_since: Instant,
    /// Rises with each use of whichever member: the lowest is the least recently used.
    pub touched: u64,
    pub in_flight: u32,
    pub uses: u64,
    /// It was given back after a use, and nobody complained.
    pub served: bool,
    /// It takes no more work.
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
            uses: 0,
            served: false,
            retiring: None,
        }
    }

    /// It will serve those who wait for `kind`.
    pub fn is_coming(&self, kind: KindId) -> bool {
        self.kind == kind && self.phase == Phase::Starting && self.retiring.is_none()
    }

    /// It serves, or soon will.
    pub fn is_staying(&self) -> bool {
        self.phase != Phase::Ending && self.retiring.is_none()
    }

    pub fn is_idle(&self) -> bool {
        self.phase == Phase::Ready && self.in_flight == 0
    }

    /// It can be lent once more.
    pub fn has_room(&self, rules: &Rules) -> bool {
        let unspent = rules.max_uses.is_none_or(|most| self.uses < most);
        self.phase == Phase::Ready && self.retiring.is_none() && self.in_flight < rules.max_in_flight && unspent
    }

    /// When it is as old as it may become; `None` for never.
    pub fn expires(&self, number: u64, rules: &Rules) -> Option<Instant> {
        let lifetime = rules.max_lifetime?;
        self.ready_at.checked_add(lifetime.checked_add(jitter(lifetime, number))?)
    }
}

/// Up to a tenth of the lifetime, the same for the same member: members that started together do not end together.
fn jitter(lifetime: Duration, number: u64) -> Duration {
    // The multiplier is 2^64 divided by the golden ratio, which spreads consecutive numbers evenly.
    let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48;
    let part = u32::try_from(spread).unwrap_or_default();
    lifetime / 10 / 65_536 * part
}
