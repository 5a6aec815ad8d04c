//! A line as a turnstile: one locked file. The order of the processes that wait for it is the system's.

use crate::process::host_limit::folder::Folder;
use crate::process::host_limit::slot_file::SlotFile;
use parking_lot::{Condvar, Mutex};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// The line, as this process sees it.
#[derive(Debug)]
pub struct Line(Arc<Turnstile>);

#[derive(Debug)]
struct Turnstile {
    /// The file, unless the lock is held or waited for.
    file: Mutex<Option<SlotFile>>,
    is_left: Condvar,
}

/// The first place in the line, left when it is dropped.
#[derive(Debug)]
pub struct Place {
    file: Option<SlotFile>,
    of: Arc<Turnstile>,
}

impl Line {
    /// Names the file, which is opened by the first waiter.
    pub fn new(path: PathBuf) -> Self {
        Self(Arc::new(Turnstile { file: Mutex::new(Some(SlotFile::new(path))), is_left: Condvar::new() }))
    }

    /// Takes the first place. Returns `None` if there is another waiter, of any process.
    pub fn try_join(&self, folder: &Folder) -> io::Result<Option<Place>> {
        let mut free = self.0.file.lock();
        let Some(file) = free.as_mut() else { return Ok(None) };
        let is_first = file.try_lock(folder)?;
        Ok(is_first.then(|| Place { file: free.take(), of: Arc::clone(&self.0) }))
    }

    /// Takes the first place, and blocks the thread until then.
    pub fn join(&self, folder: &Folder) -> io::Result<Place> {
        let mut free = self.0.file.lock();
        let mut file = loop {
            match free.take() {
                Some(file) => break file,
                None => self.0.is_left.wait(&mut free),
            }
        };
        drop(free);
        let locked = file.lock(folder);
        let place = Place { file: Some(file), of: Arc::clone(&self.0) };
        locked.map(|()| place)
    }
}

#[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "the other kind of line waits here")]
impl Place {
    /// Returns true: only the first waiter has a place.
    pub fn is_first(&self) -> io::Result<bool> {
        Ok(true)
    }

    /// Returns at once: only the first waiter has a place.
    pub fn wait(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(file) = self.file.take() {
            file.unlock();
            *self.of.file.lock() = Some(file);
            self.of.is_left.notify_one();
        }
    }
}
