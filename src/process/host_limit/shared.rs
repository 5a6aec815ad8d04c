//! The part of a limit that its callers and its thread share.

use super::bell::Bell;
use super::folder::Folder;
use super::line::Line;
use super::queue::Queue;
use super::slot_file::SlotFile;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;

/// One limit, as this process sees it.
#[derive(Debug)]
pub struct Shared {
    pub folder: Folder,
    pub bell: Bell,
    pub line: Line,
    pub state: Mutex<State>,
    /// Notified when a waiter comes.
    pub has_waiter: Condvar,
    /// The first part of the files' names.
    pub name: String,
}

/// The waiters and the slots of this process.
#[derive(Debug)]
pub struct State {
    pub queue: Queue<io::Result<Held>>,
    /// The slots that were needed so far.
    slots: Vec<Slot>,
    /// The number of slots that may be taken, from the first on.
    limit: usize,
    /// The thread was started. It is never joined.
    pub has_thread: bool,
    /// No new waiter comes.
    pub is_closed: bool,
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

impl Shared {
    /// Opens the files with this first part of their names.
    pub fn open(folder: &Folder, name: String) -> io::Result<Self> {
        Ok(Self {
            bell: Bell::open(&folder.file(&format!("{name}-bell")))?,
            line: Line::new(folder.file(&format!("{name}-line"))),
            state: Mutex::new(State {
                queue: Queue::default(),
                slots: Vec::new(),
                limit: 0,
                has_thread: false,
                is_closed: false,
            }),
            has_waiter: Condvar::new(),
            folder: folder.clone(),
            name,
        })
    }

    /// Changes the limit of this process. Slots that are held stay until they are given back.
    pub fn resize(&self, limit: u32) {
        self.state.lock().limit = limit as usize;
        self.bell.ring();
    }

    /// Lets the thread end after the last waiter. The files are closed with the last slot that is given back.
    pub fn close(&self) {
        self.state.lock().is_closed = true;
        self.has_waiter.notify_one();
    }
}

impl State {
    /// Locks free slots until `held` has enough of them. Returns whether it has. A cost above a limit that has fallen
    /// takes all.
    pub fn collect(&mut self, of: &Shared, cost: u32, held: &mut Held) -> io::Result<bool> {
        let wanted = self.limit.min(cost as usize);
        for number in 0..self.limit {
            if held.slots.len() >= wanted {
                break;
            }
            if number == self.slots.len() {
                let file = SlotFile::new(of.folder.file(&format!("{}-{number}", of.name)));
                self.slots.push(Slot { file, is_ours: false });
            }
            let slot = &mut self.slots[number];
            if !slot.is_ours && slot.file.try_lock(&of.folder)? {
                slot.is_ours = true;
                held.slots.push(number);
            }
        }
        Ok(held.slots.len() >= wanted)
    }

    /// Unlocks slots.
    pub fn give_back(&mut self, held: &mut Held) {
        for number in held.slots.drain(..) {
            self.slots[number].file.unlock();
            self.slots[number].is_ours = false;
        }
    }
}

impl Held {
    /// Holds no slots yet.
    pub fn none(of: Arc<Shared>) -> Self {
        Self { slots: Vec::new(), of }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.slots.is_empty() {
            return;
        }
        let of = Arc::clone(&self.of);
        of.state.lock().give_back(self);
        of.bell.ring();
    }
}
