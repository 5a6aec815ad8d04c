//! Events of process trees, kept in order for each listener until the listener takes them.

use super::entry::{Entry, Label};
use crate::process::tree::ExitStatus;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, SystemTime};

/// The number of pending events at which a listener loses the oldest.
const MAX_PENDING: usize = 10_000;

/// An event of a process.
#[derive(Debug, Clone)]
pub struct Event {
    /// The process; of a tree the root.
    pub pid: u32,
    /// The owner.
    pub label: Label,
    /// The time of the event.
    pub time: SystemTime,
    /// The kind of event.
    pub kind: EventKind,
}

/// The kind of event. The reasons are the words of the metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// A tree has started.
    Spawned,
    /// This server has ended the process, for this reason.
    Killed(&'static str),
    /// Every process of the tree has exited.
    Exited {
        /// The time from start to exit.
        duration: Duration,
        /// The root's exit status.
        exit: ExitStatus,
        /// Why.
        reason: &'static str,
    },
}

impl Event {
    /// Makes the event of a start, if the tree has a pid.
    pub(super) fn spawned(entry: &Entry) -> Option<Self> {
        Some(Self { pid: entry.pid?, label: entry.label.clone(), time: entry.started.0, kind: EventKind::Spawned })
    }
}

/// Receives events until it is dropped.
pub struct Listener {
    pending: Mutex<VecDeque<Event>>,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Listener {
    /// Takes the events since the last call, oldest first.
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

/// All listeners.
#[derive(Debug, Default)]
pub(super) struct Listeners(Mutex<Vec<Weak<Listener>>>);

impl Listeners {
    /// Adds a listener, which gets the `first` events at once.
    pub(super) fn add(
        &self,
        wake: impl Fn() + Send + Sync + 'static,
        first: impl Iterator<Item = Event>,
    ) -> Arc<Listener> {
        let listener = Arc::new(Listener { pending: Mutex::new(first.collect()), wake: Box::new(wake) });
        self.0.lock().push(Arc::downgrade(&listener));
        listener
    }

    /// Passes an event to all listeners. Without listeners the event is not made.
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
    fn each_listener_gets_all_events_and_is_woken_once_until_it_takes_them() {
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
    fn no_event_is_made_without_listeners() {
        let listeners = Listeners::default();
        drop(listeners.add(|| {}, std::iter::empty()));
        listeners.notify(|| unreachable!());
        assert!(listeners.0.lock().is_empty());
    }

    #[test]
    fn a_listener_that_takes_no_events_loses_the_oldest() {
        let listeners = Listeners::default();
        let listener = listeners.add(|| {}, std::iter::empty());
        (0..).take(MAX_PENDING + 2).for_each(|pid| listeners.notify(|| Some(killed(pid))));
        let pids = pids(&listener);
        assert_eq!((pids.len(), pids.first()), (MAX_PENDING, Some(&2)));
    }
}
