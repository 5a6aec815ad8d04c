//! A line of tickets, in the order of arrival over all processes.
//!
//! Each waiter locks one byte of a file, whose number is its ticket. Its turn has come once no byte below is locked. The
//! locks belong to the open file, so those of this process do not disturb each other.

use crate::process::host_limit::folder::Folder;
use crate::process::host_limit::slot_file::{is_current, named, open};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use parking_lot::Mutex;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::yield_now;

/// The byte whose lock protects the number of the last ticket.
const COUNTER: i64 = 1 << 62;

/// The tries for the counter, each after letting other threads run. Its lock is held for microseconds, but a process that
/// is stopped meanwhile must not stop this one.
const TRIES: u32 = 50;

/// The line, as this process sees it.
#[derive(Debug)]
pub struct Line {
    path: PathBuf,
    file: Mutex<Option<Arc<File>>>,
}

/// A place in the line, left when it is dropped.
#[derive(Debug)]
pub struct Place {
    file: Arc<File>,
    ticket: i64,
}

impl Line {
    /// Names the file, which is opened by the first waiter.
    pub fn new(path: PathBuf) -> Self {
        Self { path, file: Mutex::new(None) }
    }

    /// Takes the last place. Returns `None` if other processes are doing so for long.
    pub fn try_join(&self, folder: &Folder) -> io::Result<Option<Place>> {
        let file = self.current(folder)?;
        for _ in 0..TRIES {
            match fcntl(&*file, FcntlArg::F_OFD_SETLK(&lock(libc::F_WRLCK, COUNTER, 1))) {
                Ok(_) => return next_place(file).map(Some).map_err(|error| named(&self.path, &error)),
                Err(Errno::EAGAIN | Errno::EACCES) => yield_now(),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }

    /// Takes the last place, and blocks the thread until then.
    pub fn join(&self, folder: &Folder) -> io::Result<Place> {
        let file = self.current(folder)?;
        blocking(&file, lock(libc::F_WRLCK, COUNTER, 1))?;
        next_place(file).map_err(|error| named(&self.path, &error))
    }

    /// Returns the file that other processes see too: a cleaner of temporary files may have removed the last.
    fn current(&self, folder: &Folder) -> io::Result<Arc<File>> {
        let mut file = self.file.lock();
        if let Some(file) = file.as_ref().filter(|file| is_current(file, &self.path)) {
            return Ok(Arc::clone(file));
        }
        Ok(Arc::clone(file.insert(Arc::new(open(&self.path, folder)?))))
    }
}

impl Place {
    /// Returns whether no other process is before this place. This process serves its own places in order.
    pub fn is_first(&self) -> io::Result<bool> {
        let mut before = lock(libc::F_WRLCK, 0, self.ticket);
        fcntl(&*self.file, FcntlArg::F_OFD_GETLK(&mut before))?;
        Ok(i32::from(before.l_type) == libc::F_UNLCK)
    }

    /// Blocks the thread until no other process is before this place. This process must have no place before it.
    pub fn wait(&self) -> io::Result<()> {
        blocking(&self.file, lock(libc::F_RDLCK, 0, self.ticket))?;
        fcntl(&*self.file, FcntlArg::F_OFD_SETLK(&lock(libc::F_UNLCK, 0, self.ticket)))?;
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fcntl(&*self.file, FcntlArg::F_OFD_SETLK(&lock(libc::F_UNLCK, self.ticket, 1)));
    }
}

/// Takes the next ticket, with the counter's lock held, and gives that lock back.
fn next_place(file: Arc<File>) -> io::Result<Place> {
    let place = take_ticket(&file);
    fcntl(&*file, FcntlArg::F_OFD_SETLK(&lock(libc::F_UNLCK, COUNTER, 1)))?;
    Ok(Place { ticket: place?, file })
}

fn take_ticket(file: &File) -> io::Result<i64> {
    let mut last = [0; 8];
    let _ = file.read_at(&mut last, 0)?;
    let last = i64::from_le_bytes(last);
    // A new file is empty, and its first ticket is 1. So is that after a number that no ticket has.
    let ticket = if (0..COUNTER - 1).contains(&last) { last + 1 } else { 1 };
    // The number goes first: on a full disk this fails, and a lock would stay for as long as the file is open.
    file.write_all_at(&ticket.to_le_bytes(), 0)?;
    fcntl(file, FcntlArg::F_OFD_SETLK(&lock(libc::F_WRLCK, ticket, 1)))?;
    Ok(ticket)
}

fn blocking(file: &File, wanted: libc::flock) -> io::Result<()> {
    loop {
        match fcntl(file, FcntlArg::F_OFD_SETLKW(&wanted)) {
            Err(Errno::EINTR) => {}
            result => return Ok(result.map(drop)?),
        }
    }
}

fn lock(kind: libc::c_int, start: i64, length: i64) -> libc::flock {
    // SAFETY: zeros are a valid lock, and the kernel wants zero as its pid.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::c_short::try_from(kind).unwrap_or_default();
    lock.l_whence = libc::c_short::try_from(libc::SEEK_SET).unwrap_or_default();
    (lock.l_start, lock.l_len) = (start, length);
    lock
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("procward-tickets-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Folder::open(Some(&path)).expect("the temporary folder is writable")
    }

    #[test]
    fn a_full_disk_keeps_no_ticket_locked() {
        let folder = folder("full");
        // Writing to this device fails as on a full disk.
        let full = Line::new(PathBuf::from("/dev/full"));
        let problem = full.join(&folder).expect_err("the disk is full");
        assert!(problem.to_string().starts_with("/dev/full: "), "{problem}");
        let other = open(&full.path, &folder).expect("the device opens");
        let mut any = lock(libc::F_WRLCK, 0, COUNTER);
        fcntl(&other, FcntlArg::F_OFD_GETLK(&mut any)).expect("it can be asked");
        assert_eq!(i32::from(any.l_type), libc::F_UNLCK);
        fs::remove_dir_all(folder.path()).expect("it is ours");
    }

    #[test]
    fn a_number_that_no_ticket_has_begins_anew() {
        let folder = folder("numbers");
        for last in [i64::MAX, COUNTER - 1, -1, i64::MIN] {
            let path = folder.file("line");
            fs::write(&path, last.to_le_bytes()).expect("it is ours");
            let (one, other) = (Line::new(path.clone()), Line::new(path));
            let first = one.join(&folder).expect("a place");
            let second = other.join(&folder).expect("a place");
            assert_eq!((first.ticket, second.ticket), (1, 2), "{last}");
        }
        fs::remove_dir_all(folder.path()).expect("it is ours");
    }
}
