//! The memory that the children of each process are expected to take yet, for the other processes of the user.
//!
//! Each process has a number. It keeps the file of its number locked, and another file has its charge in bytes, because no
//! process may read a locked file on Windows. A charge counts while its process lives: the kernel unlocks the files of the dead.

use super::folder::Folder;
use super::slot_file::{SlotFile, open, open_to_read};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The number of processes that share their charges.
const MOST: usize = 1_000;
/// The longest wait for the turn. A process that is stopped while it has the turn holds up no other for ever.
const PATIENCE: Duration = Duration::from_secs(1);
/// The time between two attempts to take the turn.
const TRY_AGAIN: Duration = Duration::from_millis(2);
/// The length of a charge as text: 20 digits and the end of the line.
const LENGTH: usize = 21;

/// The charges in a folder, with the place of this process among them.
#[derive(Debug)]
pub struct Charges {
    path: Option<PathBuf>,
    opened: Option<Opened>,
}

#[derive(Debug)]
struct Opened {
    folder: Folder,
    turn: SlotFile,
    own: Option<Place>,
}

/// The place of this process.
#[derive(Debug)]
struct Place {
    number: usize,
    lock: SlotFile,
    charge: File,
    written: Option<u64>,
}

impl Charges {
    /// Names the folder, the user's own without a path. It is opened when it is used.
    pub fn new(path: Option<PathBuf>) -> Self {
        Self { path, opened: None }
    }

    /// Reads the charges of the other processes, lets `decide` return the own charge, and writes that. No two processes do this
    /// at the same time, so that the later one knows the charge of the earlier one. Charges above `most` count for nothing.
    ///
    /// Without a usable folder nothing is shared: calls fail there before they start any process.
    pub fn exchange(&mut self, most: u64, decide: impl FnOnce(u64) -> u64) {
        if self.opened.is_none() {
            self.opened = Folder::open(self.path.as_deref()).ok().map(Opened::new);
        }
        let Some(opened) = &mut self.opened else {
            decide(0);
            return;
        };
        let has_turn = opened.take_turn();
        opened.keep_place();
        let own = decide(opened.others(most));
        opened.write(own);
        if has_turn {
            opened.turn.unlock();
        }
    }
}

impl Opened {
    fn new(folder: Folder) -> Self {
        Self { turn: SlotFile::new(folder.file("memory-turn")), folder, own: None }
    }

    /// Takes the turn. Returns whether it was taken before the patience ended.
    fn take_turn(&mut self) -> bool {
        let end = Instant::now() + PATIENCE;
        loop {
            match self.turn.try_lock(&self.folder) {
                Ok(true) => return true,
                Ok(false) if Instant::now() < end => sleep(TRY_AGAIN),
                Ok(false) | Err(_) => return false,
            }
        }
    }

    /// Returns the sum of the other processes' charges.
    fn others(&self, most: u64) -> u64 {
        let own = self.own.as_ref().map(|place| place.number);
        let Ok(files) = fs::read_dir(self.folder.path()) else { return 0 };
        let numbers = files.flatten().filter_map(|file| number_in(file.file_name().to_str()?)).take(MOST);
        let others = numbers.filter(|number| Some(*number) != own && is_locked(&self.folder.file(&lock_name(*number))));
        others.filter_map(|number| read(&self.folder.file(&charge_name(number)), most)).fold(0, u64::saturating_add)
    }

    /// Takes a place, unless this process has one. A cleaner may have removed the files of the place.
    fn keep_place(&mut self) {
        if !self.own.as_ref().is_some_and(|place| place.lock.is_current()) {
            self.own = Place::take(&self.folder).ok();
        }
    }

    /// Writes the own charge. After an error this process takes another place.
    fn write(&mut self, charge: u64) {
        self.own.take_if(|place| place.write(charge).is_err());
    }
}

impl Place {
    /// Takes the first number that no living process has.
    fn take(folder: &Folder) -> io::Result<Self> {
        for number in 0..MOST {
            let mut lock = SlotFile::new(folder.file(&lock_name(number)));
            if lock.try_lock(folder)? {
                let charge = open(&folder.file(&charge_name(number)), folder)?;
                return Ok(Self { number, lock, charge, written: None });
            }
        }
        Err(io::ErrorKind::QuotaExceeded.into())
    }

    fn write(&mut self, charge: u64) -> io::Result<()> {
        if self.written != Some(charge) {
            self.charge.seek(SeekFrom::Start(0))?;
            self.charge.write_all(text(charge).as_bytes())?;
            self.charge.set_len(LENGTH as u64)?;
            self.written = Some(charge);
        }
        Ok(())
    }
}

fn lock_name(number: usize) -> String {
    format!("memory-{number}")
}

fn charge_name(number: usize) -> String {
    format!("memory-{number}-bytes")
}

/// Returns the number of a process whose lock has this name.
fn number_in(name: &str) -> Option<usize> {
    let number = name.strip_prefix("memory-")?.parse().ok()?;
    (number < MOST && lock_name(number) == name).then_some(number)
}

/// Returns whether a living process holds the lock. A free lock is locked for a moment, which at most makes a process that
/// looks for a number take the next one.
fn is_locked(path: &Path) -> bool {
    open_to_read(path).is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn read(path: &Path, most: u64) -> Option<u64> {
    let mut content = Vec::with_capacity(LENGTH + 1);
    // One byte more than a charge has shows a longer content.
    open_to_read(path).ok()?.take(LENGTH as u64 + 1).read_to_end(&mut content).ok()?;
    charge_in(&content, most)
}

/// Returns a charge as text.
fn text(charge: u64) -> String {
    format!("{charge:020}\n")
}

/// Returns the charge in a file's content. A torn or foreign content has none, and a charge above `most` is none.
fn charge_in(content: &[u8], most: u64) -> Option<u64> {
    let digits = content.strip_suffix(b"\n").filter(|digits| digits.len() == LENGTH - 1)?;
    let is_number = digits.iter().all(u8::is_ascii_digit);
    let charge: u64 = std::str::from_utf8(digits).ok().filter(|_| is_number)?.parse().ok()?;
    (charge <= most).then_some(charge)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GB: u64 = 1 << 30;

    /// A folder of its own, which is removed at the end.
    struct Temporary(PathBuf);

    impl Temporary {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("procward-charges-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            Self(folder)
        }

        fn process(&self) -> Charges {
            Charges::new(Some(self.0.clone()))
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).expect("the folder is ours");
        }
    }

    /// Charges a process. Returns the charges of the others as it read them.
    fn charge(process: &mut Charges, own: u64) -> u64 {
        let mut seen = 0;
        process.exchange(GB, |others| {
            seen = others;
            own
        });
        seen
    }

    #[test]
    fn only_a_whole_and_possible_charge_counts() {
        for (content, expected) in [
            (&b"00000000000000000000\n"[..], Some(0)),
            (b"00000000000000000042\n", Some(42)),
            (text(GB).as_bytes(), Some(GB)),
            // Huge: more than the machine has, and more than the type holds.
            (text(GB + 1).as_bytes(), None),
            (text(u64::MAX).as_bytes(), None),
            (b"99999999999999999999\n", None),
            // Torn, negative, foreign.
            (b"", None),
            (b"0000000000000000004", None),
            (b"00000000000000000042", None),
            (b"000000000000000000042\n", None),
            (b"0000000000000000042\n\n", None),
            (b"-0000000000000000042\n", None),
            (b"+0000000000000000042\n", None),
            (b"0000000000000000 042\n", None),
            (b"\xff\xfe00000000000000042\n", None),
            (b"not a number at all!\n", None),
        ] {
            assert_eq!(charge_in(content, GB), expected, "{}", content.escape_ascii());
        }
    }

    #[test]
    fn only_the_lock_of_a_process_has_a_number() {
        for (name, expected) in [
            ("memory-0", Some(0)),
            ("memory-999", Some(999)),
            ("memory-1000", None),
            ("memory-01", None),
            ("memory-+1", None),
            ("memory--1", None),
            ("memory-1-bytes", None),
            ("memory-turn", None),
            ("memory-", None),
            ("all-0", None),
        ] {
            assert_eq!(number_in(name), expected, "{name}");
        }
    }

    #[test]
    fn processes_see_the_charges_of_the_others_that_live() {
        let folder = Temporary::new("living");
        let (mut one, mut two, mut three) = (folder.process(), folder.process(), folder.process());
        assert_eq!(charge(&mut one, 100), 0);
        assert_eq!(charge(&mut two, 20), 100);
        assert_eq!(charge(&mut three, 3), 120);
        assert_eq!(charge(&mut one, 7), 23, "the own charge does not count");
        drop(two);
        assert_eq!(charge(&mut three, 3), 7, "the charge of a dead process does not count");
        let mut four = folder.process();
        assert_eq!(charge(&mut four, 0), 10, "its number is taken by the next process");
        assert_eq!(number_of(&four), 1);
    }

    #[test]
    fn a_bad_content_counts_as_nothing_until_it_is_written_again() {
        let folder = Temporary::new("bad");
        let (mut one, mut two) = (folder.process(), folder.process());
        charge(&mut one, 5);
        for content in ["", "-1", "0000000000000000005", "99999999999999999999\n"] {
            fs::write(folder.0.join("memory-0-bytes"), content).expect("the folder is ours");
            assert_eq!(charge(&mut two, 0), 0, "{content}");
        }
        charge(&mut one, 6);
        assert_eq!(charge(&mut two, 0), 6);
    }

    /// Windows keeps the names of open files.
    #[cfg(unix)]
    #[test]
    fn a_removed_folder_is_made_again() {
        let folder = Temporary::new("removed");
        let (mut one, mut two) = (folder.process(), folder.process());
        charge(&mut one, 5);
        charge(&mut two, 6);
        fs::remove_dir_all(&folder.0).expect("the folder is ours");
        for _ in 0..2 {
            charge(&mut one, 5);
            charge(&mut two, 6);
        }
        assert_eq!((charge(&mut one, 5), charge(&mut two, 6)), (6, 5));
    }

    #[test]
    fn a_folder_that_cannot_be_used_shares_nothing() {
        let folder = Temporary::new("file");
        let mut process = Charges::new(Some(folder.0.join("missing/folder")));
        fs::create_dir(&folder.0).expect("it is new");
        assert_eq!(charge(&mut process, 5), 0);
    }

    fn number_of(charges: &Charges) -> usize {
        let own = charges.opened.as_ref().and_then(|opened| opened.own.as_ref());
        own.expect("it has exchanged").number
    }
}
