//! The slots of one limit: the overall one, or one server's.

use super::bell::Bell;
use super::folder::Folder;
use super::queue::Queue;
use super::slot_file::SlotFile;
use super::turnstile;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// One limit, as this process sees it.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Shared>);

/// What the thread at the turnstile shares with the callers.
#[derive(Debug)]
pub(super) struct Shared {
    pub folder: Folder,
    pub bell: Bell,
    pub state: Mutex<State>,
    /// Notified when the first waiter comes.
    pub has_waiter: Condvar,
    turnstile: Mutex<SlotFile>,
    name: String,
}

#[derive(Debug)]
pub(super) struct State {
    pub queue: Queue,
    slots: Vec<Slot>,
    /// The thread at the turnstile was started. It is never joined.
    has_thread: bool,
}

#[derive(Debug)]
struct Slot {
    file: SlotFile,
    is_ours: bool,
}

/// Slots that are held. Dropping them gives them back.
#[derive(Debug)]
pub struct Held {
    slots: Vec<usize>,
    of: Arc<Shared>,
}

impl Slots {
    /// Opens the files of a limit. Processes with different limits share the slots that both have.
    ///
    /// # Errors
    /// The system's error for the folder.
    pub fn open(folder: &Folder, name: &str, limit: u32) -> io::Result<Self> {
        let slot = |number| Slot { file: SlotFile::new(folder.file(&format!("{name}-{number}"))), is_ours: false };
        let slots = (0..limit).map(slot).collect();
        Ok(Self(Arc::new(Shared {
            bell: Bell::open(&folder.file(&format!("{name}-bell")))?,
            state: Mutex::new(State { queue: Queue::default(), slots, has_thread: false }),
            has_waiter: Condvar::new(),
            turnstile: Mutex::new(SlotFile::new(folder.file(&format!("{name}-turnstile")))),
            folder: folder.clone(),
            name: name.to_owned(),
        })))
    }

    /// Takes slots at once. Returns `None` if any process waits, or if too few are free.
    ///
    /// # Errors
    /// The system's error for a file.
    pub fn try_acquire(&self, cost: u32) -> io::Result<Option<Held>> {
        let shared = &self.0;
        let mut state = shared.state.lock();
        // The thread has the turnstile as long as a waiter of this process waits.
        let Some(mut turnstile) = shared.turnstile.try_lock() else { return Ok(None) };
        if state.queue.first_cost().is_some() || !turnstile.try_lock(&shared.folder)? {
            return Ok(None);
        }
        let mut taken = Vec::new();
        let collected = state.collect(&shared.folder, cost, &mut taken);
        turnstile.unlock();
        drop(turnstile);
        let held = Held { slots: taken, of: Arc::clone(shared) };
        let is_enough = held.slots.len() == cost as usize;
        // What is dropped here takes the lock.
        drop(state);
        collected.map(|()| is_enough.then_some(held))
    }

    /// Waits for slots, after all waiters of this process. Dropping the receiver gives up.
    ///
    /// # Errors
    /// The system's error if there can be no thread.
    pub fn acquire(&self, cost: u32) -> io::Result<oneshot::Receiver<Held>> {
        let shared = &self.0;
        let mut state = shared.state.lock();
        if !state.has_thread {
            turnstile::start(Arc::clone(shared), &shared.name)?;
            state.has_thread = true;
        }
        let receiver = state.queue.push(cost);
        shared.has_waiter.notify_one();
        Ok(receiver)
    }

    /// Lets the thread look at once, after a waiter has given up.
    pub fn gave_up(&self) {
        self.0.bell.ring();
    }

    /// Returns the number of waiters of this process.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().queue.len()
    }
}

impl Shared {
    /// Runs a part of the thread's work at the turnstile.
    pub fn at_turnstile(&self, work: impl FnOnce()) -> io::Result<()> {
        let mut turnstile = self.turnstile.lock();
        turnstile.lock(&self.folder)?;
        work();
        turnstile.unlock();
        Ok(())
    }
}

impl State {
    /// Locks free slots until there are `cost` of them in `taken`.
    pub fn collect(&mut self, folder: &Folder, cost: u32, taken: &mut Vec<usize>) -> io::Result<()> {
        for (number, slot) in self.slots.iter_mut().enumerate() {
            if taken.len() >= cost as usize {
                break;
            }
            if !slot.is_ours && slot.file.try_lock(folder)? {
                slot.is_ours = true;
                taken.push(number);
            }
        }
        Ok(())
    }
}

impl Held {
    pub(super) fn new(slots: Vec<usize>, of: Arc<Shared>) -> Self {
        Self { slots, of }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.slots.is_empty() {
            return;
        }
        let mut state = self.of.state.lock();
        for &number in &self.slots {
            state.slots[number].file.unlock();
            state.slots[number].is_ours = false;
        }
        drop(state);
        self.of.bell.ring();
    }
}
