//! The tag that every child carries in its environment: the running server that started it, and the tree it belongs to.

use crate::process::identity::{StartMark, boot_time, image, start_mark, user, world};
use once_cell::sync::OnceCell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

/// One running copy of procward.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The place where pid and start mark mean something, see [`world`].
    pub world: String,
    /// The server's pid.
    pub pid: u32,
    /// The time at which the server started.
    pub start: StartMark,
    /// Tells apart two copies of procward in one process.
    pub nonce: u64,
    /// The program that the server ran; zero in tags of the first format and where it is not known.
    pub image: ImageMark,
    /// The wall clock's seconds at boot, for worlds without a boot id; zero likewise.
    pub booted: u64,
    /// The number of the user that the server ran as; not known likewise.
    pub user: Option<u32>,
}

/// The content of [`Tag::VARIABLE`] in a child.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The server that started the tree.
    pub instance: Instance,
    /// The tree's number within that instance.
    pub tree: u64,
}

/// A short digest of where the kernel put a program's stack. `execve` keeps pid and start time, but moves the stack.
///
/// Two programs have the same mark once in 65,535 times, and then a dead one counts as alive. A longer digest would tell
/// every child more about the addresses in its server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ImageMark(pub u16);

/// The world of an instance that could not learn it: comparable with none, not even with itself.
const UNKNOWN: &str = "unknown";
/// The boot of a world whose boot id cannot be read.
pub const UNKNOWN_BOOT: &str = "-";
/// The user of an instance whose user has no number.
const UNKNOWN_USER: &str = "-";
/// Seconds by which two readings of the time of one boot may differ.
const SAME_BOOT: u64 = 2;
/// The format of a tag. Later formats may only add parts to its end, so that this version can read the first five.
const FORMAT: u32 = 2;

impl Instance {
    /// The instance that this code runs in.
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

    /// The instance that a running process of this user would be.
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

    /// Whether pids and start marks of both can be compared at all.
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

    /// Whether a process with this start, and this address of its stack, may be the one that this instance runs in. Either
    /// may be hidden.
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
    /// The mark in the tags of one instance; the default where the address is not known.
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

impl Tag {
    /// The environment variable.
    pub const VARIABLE: &str = "PROCWARD_TAG";

    /// Reads what [`fmt::Display`] wrote, of any version; anything else is no tag.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let mut tag = Self {
            instance: Instance {
                world: parts.next()?.to_owned(),
                pid: parts.next()?.parse().ok()?,
                start: StartMark(parts.next()?.parse().ok()?),
                nonce: u64::from_str_radix(parts.next()?, 16).ok()?,
                image: ImageMark::default(),
                booted: 0,
                user: None,
            },
            tree: parts.next()?.parse().ok()?,
        };
        let version: u32 = parts.next().map_or(Some(1), |version| version.parse().ok())?;
        if version == FORMAT {
            tag.instance.image = ImageMark(u16::from_str_radix(parts.next()?, 16).ok()?);
            tag.instance.booted = parts.next()?.parse().ok()?;
            let user = parts.next()?;
            tag.instance.user = if user == UNKNOWN_USER { None } else { Some(user.parse().ok()?) };
        }
        let named = !tag.instance.world.is_empty() && tag.instance.pid != 0;
        let written = tag.to_string();
        let is_exact =
            if version > FORMAT { text.starts_with(&format!("{written}:{version}")) } else { written == text };
        (named && is_exact).then_some(tag)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.instance.prefix(), self.tree)?;
        let Instance { image, booted, user, .. } = &self.instance;
        // The first format had nothing more, and no version.
        if (*image, *booted, *user) == (ImageMark::default(), 0, None) {
            return Ok(());
        }
        write!(out, ":{FORMAT}:{:04x}:{booted}:", image.0)?;
        match user {
            Some(user) => write!(out, "{user}"),
            None => out.write_str(UNKNOWN_USER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_wrote(
            (world, pid, start, nonce) in ("[0-9a-z.-]{1,60}", 1u32.., any::<u64>(), any::<u64>()),
            (image, booted, user, tree) in (any::<u16>(), any::<u64>(), any::<Option<u32>>(), any::<u64>()),
        ) {
            let image = ImageMark(image);
            let instance = Instance { world, pid, start: StartMark(start), nonce, image, booted, user };
            let tag = Tag { instance, tree };
            prop_assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
        }

        #[test]
        fn whatever_it_reads_it_would_write_the_same(
            text in "([0-9a-z+. -]{0,8}:){3,5}[0-9a-f]{0,16}:[0-9+]{0,4}(:[0-3]:[0-9a-f]{0,5}:[0-9+]{0,4}:[0-9-]{0,2})?",
        ) {
            if let Some(tag) = Tag::parse(&text).filter(|_| !text.contains(":3:")) {
                prop_assert_eq!(tag.to_string(), text);
            }
        }
    }

    #[test]
    fn garbage_is_no_tag() {
        for good in ["37bd.1.2:42:1700:00000000000000ff:7", "37bd.1.2:42:1700:00000000000000ff:7:2:00a1:1700000000:0"] {
            assert!(Tag::parse(good).is_some(), "{good:?}");
        }
        for text in [
            "",
            ":",
            ":42:1700:00000000000000ff:7",
            "w:42:1700:00000000000000ff",
            "w:42:1700:00000000000000ff:7:",
            "w:42:1700:00000000000000ff:7:8x",
            "w:42:1700:00000000000000ff:7:1",
            "w:42:1700:00000000000000ff:7:2",
            "w:42:1700:00000000000000ff:7:2:00a1:5",
            "w:42:1700:00000000000000ff:7:2:a1:5:0",
            "w:42:1700:00000000000000ff:7:2:00a1:5:x",
            "w:42:1700:00000000000000ff:7:2:00a1:5:0:6",
            "w:42:1700:00000000000000ff:7:2:0000:0:-",
            "w:0:1700:00000000000000ff:7",
            "w:+42:1700:00000000000000ff:7",
            "w:042:1700:00000000000000ff:7",
            "w:-1:1700:00000000000000ff:7",
            "w:4294967296:1700:00000000000000ff:7",
            "w:42:1700:ff:7",
            "w:42:1700:00000000000000FF:7",
            "w:42:1700:00000000000000ff: 7",
            "w:42:1700.5:00000000000000ff:7",
        ] {
            assert_eq!(Tag::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn tags_of_older_and_of_later_formats_are_read() {
        let old = "37bd.1.2:42:1700:00000000000000ff:7";
        let tag = Tag::parse(old).expect("the first format");
        let Instance { image, booted, user, .. } = tag.instance;
        assert_eq!((image, booted, user, tag.tree), (ImageMark::default(), 0, None, 7));
        for later in ["3", "3:", "3:x:y:z", "12:00a1:1700000000"] {
            assert_eq!(Tag::parse(&format!("{old}:{later}")), Some(tag.clone()), "{later:?}");
        }
    }

    #[test]
    fn the_current_instance_is_one_and_its_tag_is_readable() {
        let own = Instance::current();
        assert_eq!(own.pid, std::process::id());
        assert_eq!(own, Instance::current());
        assert!(own.shares_world_with(own));
        let tag = Tag { instance: own.clone(), tree: 1 };
        assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
    }

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
