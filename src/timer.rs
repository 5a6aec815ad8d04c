//! One timer for many deadlines.

use std::time::Instant;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::sleep_until;

/// A timer that fires at the earliest deadline, or earlier.
#[derive(Debug, Default)]
pub struct Timer(Option<Armed>);

#[derive(Debug)]
struct Armed {
    deadline: Instant,
    task: AbortHandle,
}

impl Timer {
    /// Arms the timer for the next deadline: `fire` is called with the deadline, and calls [`Self::fired`].
    ///
    /// An earlier timer is kept and fires early, because setting one wakes a thread. A timer that is due is kept too,
    /// because its owner does not count a deadline that has passed, and still has to act on it.
    pub fn arm<F>(&mut self, next: Option<Instant>, now: Instant, runtime: &Handle, fire: F)
    where
        F: FnOnce(Instant) + Send + 'static,
    {
        let is_early = |armed: &Armed| armed.deadline <= now || next.is_some_and(|deadline| armed.deadline <= deadline);
        if self.0.as_ref().is_some_and(is_early) {
            return;
        }
        if let Some(armed) = self.0.take() {
            armed.task.abort();
        }
        let Some(deadline) = next else { return };
        let task = runtime.spawn(async move {
            sleep_until(deadline.into()).await;
            fire(deadline);
        });
        self.0 = Some(Armed { deadline, task: task.abort_handle() });
    }

    /// Notes that the timer has fired. Another timer, set in the meantime, stays.
    pub fn fired(&mut self, deadline: Instant) {
        self.0.take_if(|armed| armed.deadline == deadline);
    }

    /// Returns the instant at which the timer fires.
    #[cfg(test)]
    pub fn deadline(&self) -> Option<Instant> {
        self.0.as_ref().map(|armed| armed.deadline)
    }
}
