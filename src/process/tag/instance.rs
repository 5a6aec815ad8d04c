//! One running server: its process, and the marks that tell it from others.

use crate::process::identity::{StartMark, UNKNOWN_BOOT, boot_time, image, start_mark, user, world};
use once_cell::sync::OnceCell;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// The world of a server that could not find out its world. It equals no world, not even itself.
const UNKNOWN: &str = "unknown";
/// The seconds by which two readings of one boot's time may differ.
const SAME_BOOT: u64 = 2;

/// One running copy of procward.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The place where pid and start mark mean something, see [`world`].
    pub world: String,
    /// The server's pid.
    pub pid: u32,
    /// The time at which the server started.
    pub start: StartMark,
    /// A number that tells apart two copies of procward in one process.
    pub nonce: u64,
    /// The program that the server ran. Zero in tags of the first format, and if unknown.
    pub image: ImageMark,
    /// The wall clock's seconds at boot, for worlds without a boot id. Zero in tags of the first format, and if
    /// unknown.
    pub booted: u64,
    /// The id of the user that the server ran as. `None` in tags of the first format, and if unknown.
    pub user: Option<u32>,
}

/// A short digest of the address of a program's stack. `execve` keeps pid and start time, but moves the stack.
///
/// Two programs have the same mark once in 65,535 times, and then a dead server counts as alive. A longer digest would
/// tell every child more about the addresses in its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ImageMark(pub u16);

impl Instance {
    /// Returns the server that this code runs in.
    pub fn current() -> &'static Self {
        static CURRENT: OnceCell<Instance> = OnceCell::new();
        CURRENT.get_or_init(|| {
            let pid = std::process::id();
            let nonce = RandomState::new().build_hasher().finish();
            Self::of(pid, nonce).unwrap_or_else(|_| Self {
                world: UNKNOWN.to_owned(),
                pid,
                start: StartMark::HIDDEN,
                nonce,
                image: ImageMark::default(),
                booted: 0,
                user: None,
            })
        })
    }

    /// Returns the instance that a running process of this user would be.
    ///
    /// # Errors
    /// The system's error when the process, or this boot, cannot be read.
    pub fn of(pid: u32, nonce: u64) -> std::io::Result<Self> {
        let (world, start) = (world()?, start_mark(pid)?);
        Ok(Self {
            world,
            pid,
            start,
            nonce,
            image: ImageMark::of(nonce, image(pid)),
            booted: boot_time(),
            user: user(),
        })
    }

    /// Returns whether pids and start marks of both servers can be compared.
    pub fn shares_world_with(&self, other: &Self) -> bool {
        if self.world == UNKNOWN {
            return false;
        }
        let (Some((boot, place)), Some((other_boot, other_place))) =
            (self.world.split_once('.'), other.world.split_once('.'))
        else {
            return self.world == other.world;
        };
        if [boot, other_boot].contains(&UNKNOWN_BOOT) {
            let is_known = self.booted != 0 && other.booted != 0;
            return place == other_place && is_known && self.booted.abs_diff(other.booted) <= SAME_BOOT;
        }
        self.world == other.world
    }

    /// Returns whether this server may run in the process with this start mark and this stack address. Either may be
    /// hidden.
    pub fn may_run_in(&self, start: StartMark, stack: Option<u64>) -> bool {
        let is_same_image = || {
            let mark = ImageMark::of(self.nonce, stack);
            self.image == mark || [self.image, mark].contains(&ImageMark::default())
        };
        start == StartMark::HIDDEN || (start == self.start && is_same_image())
    }

    /// The beginning of all tags of this instance.
    pub fn prefix(&self) -> String {
        let Self { world, pid, start, nonce, .. } = self;
        format!("{world}:{pid}:{}:{nonce:016x}:", start.0)
    }
}

impl ImageMark {
    /// Returns the mark in the tags of one server, or the default if the address is unknown.
    fn of(nonce: u64, stack: Option<u64>) -> Self {
        let Some(stack) = stack.filter(|stack| *stack != 0) else { return Self::default() };
        // splitmix64: the nonce keeps marks of different servers from being compared.
        let mut mixed = nonce ^ stack.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for factor in [0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb] {
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(factor);
        }
        let short = u16::try_from(mixed >> 48).unwrap_or_default();
        Self(short.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_are_compared_by_boot_id_and_without_one_by_the_time_of_boot() {
        let of = |world: &str, booted| Instance { world: world.to_owned(), booted, ..Instance::current().clone() };
        let table = [
            ("37bd.1.2", 500, "37bd.1.2", 500, true),
            ("37bd.1.2", 500, "37bd.1.2", 0, true),
            ("37bd.1.2", 500, "37bd.1.2", 900, true),
            ("37bd.1.2", 500, "37be.1.2", 500, false),
            ("37bd.1.2", 500, "37bd.9.2", 500, false),
            ("-.1.2", 500, "-.1.2", 502, true),
            ("-.1.2", 500, "37bd.1.2", 499, true),
            ("-.1.2", 500, "-.1.2", 503, false),
            ("-.1.2", 500, "-.9.2", 500, false),
            ("-.1.2", 0, "-.1.2", 0, false),
            ("-.1.2", 500, "37bd.1.2", 0, false),
            ("macos", 0, "macos", 0, true),
            ("macos", 0, "windows", 0, false),
            (UNKNOWN, 500, UNKNOWN, 500, false),
            (UNKNOWN, 500, "37bd.1.2", 500, false),
        ];
        for (one, booted, other, other_booted, expected) in table {
            let (one, other) = (of(one, booted), of(other, other_booted));
            assert_eq!(one.shares_world_with(&other), expected, "{one:?} {other:?}");
            assert_eq!(other.shares_world_with(&one), expected, "{other:?} {one:?}");
        }
    }

    #[test]
    fn another_program_in_the_same_process_is_another_instance() {
        let one = Instance { image: ImageMark::of(7, Some(0x7ffd_1000)), nonce: 7, ..Instance::current().clone() };
        let older = Instance { image: ImageMark::default(), ..one.clone() };
        assert_ne!(one.image, ImageMark::of(8, Some(0x7ffd_1000)));
        let table = [
            (&one, one.start, Some(0x7ffd_1000), true),
            (&one, one.start, Some(0x7ffd_2000), false),
            (&one, one.start, None, true),
            (&one, one.start, Some(0), true),
            (&one, StartMark::HIDDEN, None, true),
            (&one, StartMark(one.start.0 + 1), Some(0x7ffd_1000), false),
            (&older, older.start, Some(0x7ffd_2000), true),
        ];
        for (instance, start, stack, expected) in table {
            assert_eq!(instance.may_run_in(start, stack), expected, "{start:?} {stack:?}");
        }
    }
}
