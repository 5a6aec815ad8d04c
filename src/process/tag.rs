//! The tag in each child's environment. It names the running server that started the child, and the child's tree.

mod instance;

pub use instance::{ImageMark, Instance};

use crate::process::identity::StartMark;
use std::fmt;

/// The content of [`Tag::VARIABLE`] in a child.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    /// The server that started the tree.
    pub instance: Instance,
    /// The tree's number within that server.
    pub tree: u64,
}

/// Stands for the user of a server on a system without numeric user ids.
const UNKNOWN_USER: &str = "-";
/// The format of a tag. Later formats may only add parts at the end, so that this version can read the first five.
const FORMAT: u32 = 2;

impl Tag {
    /// The environment variable.
    pub const VARIABLE: &str = "PROCWARD_TAG";

    /// Parses a tag of any version. Returns `None` for any other text.
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
        fn a_written_tag_is_read_back(
            (world, pid, start, nonce) in ("[0-9a-z.-]{1,60}", 1u32.., any::<u64>(), any::<u64>()),
            (image, booted, user, tree) in (any::<u16>(), any::<u64>(), any::<Option<u32>>(), any::<u64>()),
        ) {
            let image = ImageMark(image);
            let instance = Instance { world, pid, start: StartMark(start), nonce, image, booted, user };
            let tag = Tag { instance, tree };
            prop_assert_eq!(Tag::parse(&tag.to_string()), Some(tag));
        }

        #[test]
        fn a_tag_that_was_read_is_written_the_same(
            text in "([0-9a-z+. -]{0,8}:){3,5}[0-9a-f]{0,16}:[0-9+]{0,4}(:[0-3]:[0-9a-f]{0,5}:[0-9+]{0,4}:[0-9-]{0,2})?",
        ) {
            if let Some(tag) = Tag::parse(&text).filter(|_| !text.contains(":3:")) {
                prop_assert_eq!(tag.to_string(), text);
            }
        }
    }

    #[test]
    fn invalid_text_is_no_tag() {
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
}
