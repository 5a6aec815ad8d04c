//! Kills and removes the control group of a tree.

use core::ffi::CStr;
use core::mem::MaybeUninit;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, RawDir, openat, unlinkat};
use rustix::io::{self, write};

/// Kills every process in the group and below it.
pub fn kill(folder: &CStr) {
    let order = || -> io::Result<()> {
        let folder = openat(CWD, folder, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?;
        let file = openat(&folder, c"cgroup.kill", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
        write(file, b"1")?;
        Ok(())
    };
    // Processes that the order does not kill are killed one by one.
    let _ = order();
}

/// Removes the group and the groups below it. A group with processes stays.
pub fn remove(folder: &CStr) {
    remove_in(CWD, folder);
}

fn remove_in(parent: impl AsFd, folder: &CStr) {
    // The kernel's files in the folder vanish with the folder.
    if unlinkat(&parent, folder, AtFlags::REMOVEDIR).is_ok() {
        return;
    }
    let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(opened) = openat(&parent, folder, flags, Mode::empty()) else { return };
    remove_below(&opened);
    let _ = unlinkat(&parent, folder, AtFlags::REMOVEDIR);
}

fn remove_below(folder: &OwnedFd) {
    let mut room = [MaybeUninit::uninit(); 1024];
    let mut entries = RawDir::new(folder, &mut room);
    while let Some(Ok(entry)) = entries.next() {
        if entry.file_type().is_dir() && entry.file_name() != c"." && entry.file_name() != c".." {
            remove_in(folder, entry.file_name());
        }
    }
}
