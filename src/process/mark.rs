//! A mark in this process's mappings, by which other servers recognise a server with procward.
//!
//! The addon's file name is not enough, because bundlers and single executables rename the file.

/// The name that the kernel shows for the mapping.
pub const MAPPING: &str = "/memfd:procward-server";

/// Sets the mark. Where the system forbids the mark, other servers see only the addon's file name.
pub fn set() {
    #[cfg(target_os = "linux")]
    linux::set();
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::fs::{MemfdFlags, memfd_create};
    use std::os::fd::AsRawFd as _;
    use std::ptr::null_mut;
    use std::sync::Once;

    /// The size of one page without any access.
    const SIZE: usize = 4096;

    pub fn set() {
        static SET: Once = Once::new();
        SET.call_once(|| {
            let create = |flags| memfd_create(c"procward-server", MemfdFlags::CLOEXEC | flags);
            // Kernels before 6.3 don't know the flag.
            let file = create(MemfdFlags::NOEXEC_SEAL).or_else(|_| create(MemfdFlags::empty()));
            let Ok(file) = file else { return };
            // SAFETY: the kernel finds a place where nothing is, and nothing ever reads or writes there.
            unsafe { libc::mmap(null_mut(), SIZE, libc::PROT_NONE, libc::MAP_PRIVATE, file.as_raw_fd(), 0) };
        });
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_mark_is_among_the_mappings_once() {
        set();
        set();
        let maps = std::fs::read_to_string("/proc/self/maps").expect("these are our own");
        let marks = maps.lines().filter(|line| line.trim_end_matches(" (deleted)").ends_with(MAPPING));
        assert_eq!(marks.count(), 1);
    }
}
