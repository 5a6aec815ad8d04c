//! The tag that every child carries in its environment: which running server started it, and in which tree.

use crate::process::identity::{StartMark, start_mark, world};
use once_cell::sync::OnceCell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};

/// One running copy of procward.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Instance {
    /// Where pid and start mark mean something, see [`world`].
    pub world: String,
    /// The server's pid.
    pub pid: u32,
    /// When the server started.
    pub start: StartMark,
    /// Tells apart two copies of procward in one process.
    pub nonce: u64,
}

/// What a child carries in [`Tag::VARIABLE`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// Who started the tree.
    pub instance: Instance,
    /// The tree's number within that instance.
    pub tree: u64,
}

/// Stands where the system did not tell: such a world is comparable with none, not even with itself.
const UNKNOWN: &str = "unknown";

impl Instance {
    /// The instance that this code runs in.
    pub fn current() -> &'static Self {
        static CURRENT: OnceCell<Instance> = OnceCell::new();
        CURRENT.get_or_init(|| {
            let pid = std::process::id();
            let facts = world().and_then(|world| Ok((world, start_mark(pid)?)));
            let (world, start) = facts.unwrap_or_else(|_| (UNKNOWN.to_owned(), StartMark::HIDDEN));
            let nonce = RandomState::new().build_hasher().finish();
            Self { world, pid, start, nonce }
        })
    }

    /// Whether pids and start marks of both can be compared at all.
    pub fn shares_world_with(&self, other: &Self) -> bool {
        self.world == other.world && self.world != UNKNOWN
    }
}

impl Tag {
    /// The environment variable.
    pub const VARIABLE: &str = "PROCWARD_TAG";

    /// Reads what [`fmt::Display`] wrote; anything else is no tag.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let tag = Self {
            instance: Instance {
                world: parts.next()?.to_owned(),
                pid: parts.next()?.parse().ok()?,
                start: StartMark(parts.next()?.parse().ok()?),
                nonce: u64::from_str_radix(parts.next()?, 16).ok()?,
            },
            tree: parts.next()?.parse().ok()?,
        };
        let named = !tag.instance.world.is_empty() && tag.instance.pid != 0;
        (named && tag.to_string() == text).then_some(tag)
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Instance { world, pid, start, nonce } = &self.instance;
        write!(out, "{world}:{pid}:{}:{nonce:016x}:{}", start.0, self.tree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn reads_what_it_wrote(world in "[0-9a-z.-]{1,60}", pid in 1u32.., start: u64, nonce: u64, tree: u64) {
            let tag = Tag { instance: Instance { world, pid, start: StartMark(start), nonce }, tree };
            prop_assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
        }

        #[test]
        fn whatever_it_reads_it_would_write_the_same(text in "([0-9a-z+. -]{0,8}:){3,5}[0-9a-f]{0,16}:[0-9+]{0,4}") {
            if let Some(tag) = Tag::parse(&text) {
                prop_assert_eq!(tag.to_string(), text);
            }
        }
    }

    #[test]
    fn garbage_is_no_tag() {
        let good = "37bd.1.2:42:1700:00000000000000ff:7";
        assert!(Tag::parse(good).is_some());
        for text in [
            "",
            ":",
            ":42:1700:00000000000000ff:7",
            "w:42:1700:00000000000000ff",
            "w:42:1700:00000000000000ff:7:",
            "w:42:1700:00000000000000ff:7:8",
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
    fn the_current_instance_is_one_and_its_tag_is_readable() {
        let own = Instance::current();
        assert_eq!(own.pid, std::process::id());
        assert_eq!(own, Instance::current());
        assert!(own.shares_world_with(own));
        let tag = Tag { instance: own.clone(), tree: 1 };
        assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
    }

    #[test]
    fn an_unknown_world_is_comparable_with_none() {
        let lost = Instance { world: UNKNOWN.to_owned(), ..Instance::current().clone() };
        assert!(!lost.shares_world_with(&lost));
        assert!(!lost.shares_world_with(Instance::current()));
    }
}
