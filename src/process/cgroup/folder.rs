//! A control group as a folder: what its warden does, where the warden cannot.

use std::fs::{read_dir, remove_dir, write};
use std::path::Path;

/// Kills every process in it and below it; tells whether the kernel took the order.
pub fn kill(folder: &Path) -> bool {
    write(folder.join("cgroup.kill"), "1").is_ok()
}

/// Removes it and what was made below it; one in which somebody lives stays.
pub fn remove(folder: &Path) {
    // Its files are the kernel's, and go with it.
    if remove_dir(folder).is_ok() {
        return;
    }
    let Ok(entries) = read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path());
        }
    }
    let _ = remove_dir(folder);
}
