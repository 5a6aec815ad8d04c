//! The slots of one limit: the overall one, or one server's.

use super::bell::Bell;
use super::folder::Folder;
use super::line::Line;
use super::queue::Queue;
use super::server;
use super::slot_file::SlotFile;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// One limit, as this process sees it.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Shared>);

/// The part that the thread shares with the callers.
#[derive(Debug)]
pub(super) struct Shared {
    pub folder: Folder,
    pub bell: Bell,
    pub line: Line,
    pub state: Mutex<State>,
    /// Notified when a waiter comes.
    pub has_waiter: Condvar,
    name: String,
}

#[derive(Debug)]
pub(super) struct State {
    pub queue: Queue,
    slots: Vec<Slot>,
    /// The number of slots that may be taken, from the first on.
    limit: usize,
    /// The thread was started. It is never joined.
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

/// The slots of a caller.
#[derive(Debug)]
pub enum Acquired {
    /// They were free, and no process waited.
    Now(Held),
    /// They come later. Dropping the receiver gives them up; see [`Slots::gave_up`].
    Later(oneshot::Receiver<Held>),
}

impl Slots {
    /// Opens the files of the overall limit, or of a server's. Processes with different limits share the slots that both
    /// have.
    ///
    /// # Errors
    /// The system's error for the folder.
    pub fn open(folder: &Folder, server: Option<&str>, limit: u32) -> io::Result<Self> {
        let name = &file_name(server);
        let slots = Self(Arc::new(Shared {
            bell: Bell::open(&folder.file(&format!("{name}-bell")))?,
            line: Line::new(folder.file(&format!("{name}-line"))),
            state: Mutex::new(State { queue: Queue::default(), slots: Vec::new(), limit: 0, has_thread: false }),
            has_waiter: Condvar::new(),
            folder: folder.clone(),
            name: name.clone(),
        }));
        slots.resize(limit);
        Ok(slots)
    }

    /// Takes slots, at once or at their turn. Never blocks.
    ///
    /// # Errors
    /// The system's error for a file or for the thread.
    pub fn acquire(&self, cost: u32) -> io::Result<Acquired> {
        let shared = &self.0;
        let mut state = shared.state.lock();
        let place = if state.queue.is_placed() { shared.line.try_join(&shared.folder)? } else { None };
        // Given back at the end, after the lock, if they are too few.
        let mut held = Held::none(Arc::clone(shared));
        if let Some(place) = &place
            && state.queue.first().is_none()
            && place.is_first()?
        {
            let collected = state.collect(&shared.folder, cost, &mut held);
            if matches!(collected, Ok(true)) {
                return Ok(Acquired::Now(held));
            }
            state.give_back(&mut held);
            collected?;
        }
        if !state.has_thread {
            server::start(Arc::clone(shared), &shared.name)?;
            state.has_thread = true;
        }
        let receiver = state.queue.push(cost, place);
        shared.has_waiter.notify_one();
        Ok(Acquired::Later(receiver))
    }

    /// Changes the limit of this process. Slots that are held stay until they are given back.
    pub fn resize(&self, limit: u32) {
        let mut state = self.0.state.lock();
        while state.slots.len() < limit as usize {
            let number = state.slots.len();
            state.slots.push(self.0.slot(number));
        }
        state.limit = limit as usize;
        drop(state);
        self.0.bell.ring();
    }

    /// Takes waiters whose receiver was dropped out of the line.
    pub fn gave_up(&self) {
        self.0.state.lock().queue.forget_gone();
        self.0.bell.ring();
    }

    /// Returns the number of waiters of this process.
    pub fn waiting(&self) -> usize {
        self.0.state.lock().queue.len()
    }
}

impl Shared {
    fn slot(&self, number: usize) -> Slot {
        Slot { file: SlotFile::new(self.folder.file(&format!("{}-{number}", self.name))), is_ours: false }
    }
}

impl State {
    /// Locks free slots until `held` has enough of them. Returns whether it has. A cost above a limit that has fallen
    /// takes all.
    pub fn collect(&mut self, folder: &Folder, cost: u32, held: &mut Held) -> io::Result<bool> {
        let wanted = self.limit.min(cost as usize);
        for (number, slot) in self.slots.iter_mut().take(self.limit).enumerate() {
            if held.slots.len() >= wanted {
                break;
            }
            if !slot.is_ours && slot.file.try_lock(folder)? {
                slot.is_ours = true;
                held.slots.push(number);
            }
        }
        Ok(held.slots.len() >= wanted)
    }

    fn give_back(&mut self, held: &mut Held) {
        for number in held.slots.drain(..) {
            self.slots[number].file.unlock();
            self.slots[number].is_ours = false;
        }
    }
}

impl Held {
    pub(super) fn none(of: Arc<Shared>) -> Self {
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

/// Returns the first part of the files' names. A server's name may hold anything, so a hash stands for it, the same in
/// every version of procward (FNV-1a).
fn file_name(server: Option<&str>) -> String {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const FACTOR: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(FACTOR);
    match server {
        Some(server) => format!("server-{:016x}", server.bytes().fold(START, step)),
        None => "all".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_server_have_the_same_name_for_ever() {
        assert_eq!(file_name(None), "all");
        // The published values of FNV-1a with 64 bits.
        assert_eq!(file_name(Some("")), "server-cbf29ce484222325");
        assert_eq!(file_name(Some("a")), "server-af63dc4c8601ec8c");
        assert_eq!(file_name(Some("foobar")), "server-85944171f73967e8");
    }
}
