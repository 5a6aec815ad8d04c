//! An exact rate: no interval, wherever it begins, has more starts than the limit.

use std::collections::VecDeque;
use std::time::Duration;

/// A limit on the starts within each interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// The most starts.
    pub limit: u32,
    /// The length of the interval.
    pub interval: Duration,
}

/// The time at which a rate lets the next call start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The rate does not hold the call back.
    Now,
    /// The rate opens at this time.
    At(Duration),
    /// The rate stays closed until a call that has its slot is sent.
    AfterSend,
}

/// The starts that still count.
#[derive(Debug)]
pub struct Window {
    rate: Rate,
    /// The times at which calls were sent, the oldest first.
    sent: VecDeque<Duration>,
    /// The calls with a slot that were not sent yet. Each counts until its time of sending is known, and then for an
    /// interval, because a call may wait for its server's start.
    unsent: u32,
}

impl Window {
    /// Makes an empty window.
    pub fn new(rate: Rate) -> Self {
        Self { rate, sent: VecDeque::new(), unsent: 0 }
    }

    /// Returns the rate.
    pub fn rate(&self) -> Rate {
        self.rate
    }

    /// Counts a call that gets its slot.
    pub fn start(&mut self) {
        self.unsent += 1;
    }

    /// Dates a call that has started.
    pub fn send(&mut self, now: Duration) {
        debug_assert!(self.unsent > 0, "a call is sent once");
        self.unsent = self.unsent.saturating_sub(1);
        self.sent.push_back(now);
    }

    /// Counts a call no more that gives its slot back unsent.
    pub fn give_back(&mut self) {
        debug_assert!(self.unsent > 0, "a call gives its slot back once");
        self.unsent = self.unsent.saturating_sub(1);
    }

    /// Counts a call that is sent again, because its server did not see the call.
    pub fn send_again(&mut self, now: Duration) {
        self.sent.push_back(now);
    }

    /// Returns the number of calls that count now.
    pub fn used(&mut self, now: Duration) -> u32 {
        while self.sent.front().is_some_and(|&sent| self.end_of(sent) < now) {
            self.sent.pop_front();
        }
        self.unsent.saturating_add(u32::try_from(self.sent.len()).unwrap_or(u32::MAX))
    }

    /// Returns the time at which the next call may start.
    pub fn opening(&mut self, now: Duration) -> Opening {
        if self.used(now) < self.rate.limit {
            return Opening::Now;
        }
        // One nanosecond later, because both ends of the interval belong to the interval.
        let reopens = |&sent| Opening::At(self.end_of(sent).saturating_add(Duration::from_nanos(1)));
        self.sent.front().map_or(Opening::AfterSend, reopens)
    }

    fn end_of(&self, sent: Duration) -> Duration {
        sent.saturating_add(self.rate.interval)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn window(limit: u32) -> Window {
        Window::new(Rate { limit, interval: ms(1000) })
    }

    fn send_at(window: &mut Window, now: Duration) {
        window.start();
        window.send(now);
    }

    #[test]
    fn a_start_counts_for_one_interval_with_both_ends() {
        let mut window = window(1);
        assert_eq!(window.opening(ms(5)), Opening::Now);
        send_at(&mut window, ms(5));
        assert_eq!(window.opening(ms(5)), Opening::At(ms(1005) + Duration::from_nanos(1)));
        assert_eq!(window.used(ms(1005)), 1);
        assert_eq!(window.opening(ms(1005) + Duration::from_nanos(1)), Opening::Now);
    }

    #[test]
    fn a_full_bucket_and_a_refill_do_not_add_up() {
        // A token bucket lets four calls start within 1,000 ms here: two that were saved up, and two refilled.
        let mut window = window(2);
        send_at(&mut window, ms(900));
        send_at(&mut window, ms(999));
        assert_eq!(window.opening(ms(1500)), Opening::At(ms(1900) + Duration::from_nanos(1)));
    }

    #[test]
    fn a_call_that_is_not_sent_counts_until_an_interval_after_it_is_sent() {
        let mut window = window(1);
        window.start();
        assert_eq!(window.opening(ms(60_000)), Opening::AfterSend);
        window.send(ms(60_000));
        assert_eq!(window.opening(ms(60_500)), Opening::At(ms(61_000) + Duration::from_nanos(1)));
    }

    #[test]
    fn a_call_that_is_sent_again_counts_twice() {
        let mut window = window(2);
        window.start();
        window.start();
        window.send(ms(0));
        window.send_again(ms(10));
        window.send(ms(20));
        assert_eq!(window.used(ms(20)), 3);
        assert_eq!(window.used(ms(1005)), 2);
    }

    #[test]
    fn a_call_that_was_sent_late_does_not_hold_the_window_closed_for_others() {
        let mut window = window(2);
        window.start();
        send_at(&mut window, ms(0));
        assert_eq!(window.opening(ms(10)), Opening::At(ms(1000) + Duration::from_nanos(1)));
    }
}
