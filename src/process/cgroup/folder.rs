//! Kills and removes a control group by its folder, where the warden cannot.

use std::fs::{read_dir, remove_dir, write};
use std::path::Path;

/// Kills every process in the group and below it. Returns whether the kernel took the order.
pub fn kill(folder: &Path) -> bool {
    write(folder.join("cgroup.kill"), "1").is_ok()
}

/// Removes the group and the groups below it. A group with processes stays.
pub fn remove(folder: &Path) {
    // The kernel's files in the folder vanish with the folder.
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
