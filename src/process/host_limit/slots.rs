//! The slots of one limit: the overall one, or one server's.

use super::folder::Folder;
use super::server;
use super::shared::{Held, Shared};
use std::io;
use std::sync::Arc;
use tokio::sync::oneshot;

/// One limit, as this process sees it.
#[derive(Debug, Clone)]
pub struct Slots(Arc<Shared>);

/// The slots of a caller.
#[derive(Debug)]
pub enum Acquired {
    /// They were free, and no process waited.
    Now(Held),
    /// They come later. Dropping the receiver gives them up; see [`Slots::gave_up`].
    Later(oneshot::Receiver<io::Result<Held>>),
}

impl Slots {
    /// Opens the files of the overall limit, or of a server's. Processes with different limits share the slots that both
    /// have.
    ///
    /// # Errors
    /// The system's error for the folder.
    pub fn open(folder: &Folder, server: Option<&str>, limit: u32) -> io::Result<Self> {
        let shared = Shared::open(folder, file_name(server))?;
        shared.resize(limit);
        Ok(Self(Arc::new(shared)))
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
            let collected = state.collect(shared, cost, &mut held);
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
        self.0.resize(limit);
    }

    /// Lets no new caller come. The files are closed once the last slot is given back and the last waiter has gone.
    pub fn close(self) {
        self.0.close();
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
