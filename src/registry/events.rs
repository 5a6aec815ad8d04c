//! What becomes of process trees, for whoever listens: kept until it is taken, in the order in which it happened.

use super::entry::{Entry, Label};
use crate::process::tree::ExitStatus;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

/// A listener that takes nothing for so long loses the oldest.
const MAX_PENDING: usize = 10_000;

/// Something that happened to a process.
#[derive(Debug, Clone)]
pub struct Event {
    /// The process; of a tree the root.
    pub pid: u32,
    /// Who it runs for.
    pub label: Label,
    /// When.
    pub time: SystemTime,
    /// What.
    pub kind: EventKind,
}

/// What happened. The reasons are the words of the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A tree has started.
    Spawned,
    /// We have ended it, for this reason.
    Killed(&'static str),
    /// Its last process has exited.
    Exited {
        /// How long it was there.
        duration: Duration,
        /// How its root exited.
        exit: ExitStatus,
        /// Why.
        reason: &'static str,
    },
}

impl Event {
    /// A tree has started; none that has no pid.
    pub(super) fn spawned(entry: &Entry) -> Option<Self> {
        Some(Self { pid: entry.pid?, label: entry.label.clone(), time: entry.started.0, kind: EventKind::Spawned })
    }
}

/// Is told until it is dropped.
pub struct Listener {
    pending: Mutex<VecDeque<Event>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Listener {
    /// What has happened since the last time, oldest first.
    pub fn take(&self) -> VecDeque<Event> {
        std::mem::take(&mut self.pending.lock())
    }

    fn push(&self, event: Event) {
        let mut pending = self.pending.lock();
        let is_first = pending.is_empty();
        if pending.len() == MAX_PENDING {
            pending.pop_front();
        }
        pending.push_back(event);
        drop(pending);
        if is_first {
            (self.wake)();
        }
    }
}

/// All that listen.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<Vec<Weak<Listener>>>);

impl Listeners {
    /// One more, which is told of these first.
    pub(super) fn add(
        &self,
        wake: impl Fn() + Send + Sync + 'static,
        first: impl Iterator<Item = Event>,
    ) -> Arc<Listener> {
        let listener = Arc::new(Listener { pending: Mutex::new(first.collect()), wake: Box::new(wake) });
        self.0.lock().push(Arc::downgrade(&listener));
        listener
    }

    /// Tells all of them of what there may be to tell; where nobody listens, it is not made.
    pub(super) fn notify(&self, event: impl FnOnce() -> Option<Event>) {
        let mut listeners = self.0.lock();
        listeners.retain(|listener| listener.strong_count() > 0);
        if listeners.is_empty() {
            return;
        }
        let Some(event) = event() else { return };
        for listener in listeners.iter().filter_map(Weak::upgrade) {
            listener.push(event.clone());
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Listener").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn killed(pid: u32) -> Event {
        Event { pid, label: Label::default(), time: SystemTime::UNIX_EPOCH, kind: EventKind::Killed("cleanup") }
    }

    fn pids(listener: &Listener) -> Vec<u32> {
        listener.take().iter().map(|event| event.pid).collect()
    }

    #[test]
    fn each_hears_all_since_it_listens_and_is_woken_once_for_what_it_has_not_taken() {
        let listeners = Listeners::default();
        let woken = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&woken);
        let first = listeners.add(move || _ = count.fetch_add(1, Ordering::Relaxed), std::iter::empty());
        listeners.notify(|| Some(killed(1)));
        listeners.notify(|| None);
        let second = listeners.add(|| {}, [killed(7)].into_iter());
        listeners.notify(|| Some(killed(2)));
        assert_eq!((pids(&first), pids(&second)), (vec![1, 2], vec![7, 2]));
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        listeners.notify(|| Some(killed(3)));
        assert_eq!((pids(&first), woken.load(Ordering::Relaxed)), (vec![3], 2));
    }

    #[test]
    fn where_nobody_listens_nothing_is_made() {
        let listeners = Listeners::default();
        drop(listeners.add(|| {}, std::iter::empty()));
        listeners.notify(|| unreachable!());
        assert!(listeners.0.lock().is_empty());
    }

    #[test]
    fn who_takes_nothing_loses_the_oldest() {
        let listeners = Listeners::default();
        let listener = listeners.add(|| {}, std::iter::empty());
        (0..).take(MAX_PENDING + 2).for_each(|pid| listeners.notify(|| Some(killed(pid))));
        let pids = pids(&listener);
        assert_eq!((pids.len(), pids.first()), (MAX_PENDING, Some(&2)));
    }
}
