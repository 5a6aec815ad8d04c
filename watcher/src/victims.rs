//! Chooses the orphans of a dead server: a pure function of the process table.

use crate::members::{Origin, Seen, members};
use crate::protocol::{MESSAGE, Message, TreeRoot};
use crate::{Link, StartMark};
use std::collections::BTreeSet;

/// The trees that the server has reported and that have not exited.
#[derive(Debug, Default)]
pub struct Trees {
    roots: BTreeSet<TreeRoot>,
    /// The received bytes of an incomplete message.
    part: Vec<u8>,
}

impl Trees {
    /// Takes in what was received.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.part.extend_from_slice(bytes);
        let (messages, rest) = self.part.as_chunks::<MESSAGE>();
        for message in messages.iter().filter_map(|message| Message::from_bytes(*message)) {
            match message {
                Message::Started(root) => self.roots.insert(root),
                Message::Exited(root) => self.roots.remove(&root),
            };
        }
        self.part = rest.to_vec();
    }

    /// Returns the members of all trees, the processes with the dead server's tag, and their descendants.
    ///
    /// A root's pid is also the number of its group. Both mean something only while the root exists.
    pub fn remaining<'a>(
        &self,
        links: &'a [Link],
        server: StartMark,
        is_tagged: impl Fn(u32) -> bool,
    ) -> Vec<&'a Link> {
        let mut left: Vec<&Link> = Vec::new();
        for root in &self.roots {
            let start = StartMark(root.start);
            let held = links.iter().any(|link| link.pid == root.pid && link.start == start);
            left.extend(members(links, Origin { pid: root.pid, start, held }, &Seen::new(), |_| false));
        }
        let found: BTreeSet<u32> = left.iter().map(|link| link.pid).collect();
        let tagged = Origin { pid: 0, start: server, held: false };
        left.extend(members(links, tagged, &Seen::new(), |pid| found.contains(&pid) || is_tagged(pid)));
        left.sort_unstable_by_key(|link| link.pid);
        left.dedup_by_key(|link| link.pid);
        left
    }
}

/// Returns the pid and the start mark of the server with this tag prefix, `WORLD:PID:START:NONCE:`.
pub fn server_of(prefix: &str) -> Option<(u32, StartMark)> {
    let [_world, pid, start, _nonce, ""] = *prefix.split(':').collect::<Vec<_>>() else { return None };
    Some((pid.parse().ok()?, StartMark(start.parse().ok()?)))
}

/// Returns whether an environment carries the server's tag, and no mark to stay.
pub fn is_tagged<'a>(mut environment: impl Iterator<Item = &'a [u8]>, prefix: &str) -> bool {
    let mut tagged = false;
    let kept = environment.any(|variable| {
        let tag = variable.strip_prefix(b"PROCWARD_TAG=");
        tagged |= tag.is_some_and(|tag| tag.starts_with(prefix.as_bytes()));
        variable == b"PROCWARD_KEEP=1"
    });
    tagged && !kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: StartMark = StartMark(5);

    fn link(pid: u32, parent: u32, group: u32, start: u64) -> Link {
        Link { pid, parent, group: Some(group), session: None, start: StartMark(start) }
    }

    fn trees(messages: &[Message]) -> Trees {
        let mut trees = Trees::default();
        // In pieces, as a pipe may deliver them.
        for piece in messages.iter().flat_map(|message| message.to_bytes()).collect::<Vec<_>>().chunks(7) {
            trees.receive(piece);
        }
        trees
    }

    fn left(trees: &Trees, links: &[Link], tagged: &[u32]) -> Vec<u32> {
        trees.remaining(links, SERVER, |pid| tagged.contains(&pid)).iter().map(|link| link.pid).collect()
    }

    fn started(pid: u32, start: u64) -> Message {
        Message::Started(TreeRoot { pid, start })
    }

    #[test]
    fn the_orphans_of_a_server_are_found() {
        let links = [
            link(1, 0, 1, 0),
            link(90, 1, 90, 9),
            link(100, 1, 100, 10),
            link(101, 100, 100, 11),
            link(102, 101, 102, 12),
            link(103, 1, 100, 13),
            link(200, 1, 200, 20),
            link(201, 1, 201, 21),
            link(202, 201, 202, 22),
        ];
        let one = trees(&[started(100, 10)]);
        assert_eq!(left(&one, &links, &[]), [100, 101, 102, 103], "root, descendants and group");
        assert_eq!(left(&one, &links, &[201]), [100, 101, 102, 103, 201, 202], "and a daemon by its tag");
        let two = trees(&[started(100, 10), started(200, 20)]);
        assert_eq!(left(&two, &links, &[]), [100, 101, 102, 103, 200]);
        let over = trees(&[started(100, 10), started(200, 20), Message::Exited(TreeRoot { pid: 100, start: 10 })]);
        assert_eq!(left(&over, &links, &[]), [200]);
        assert_eq!(left(&trees(&[]), &links, &[]), Vec::<u32>::new());
    }

    #[test]
    fn strangers_are_spared() {
        let stranger = [link(100, 1, 100, 30), link(101, 100, 100, 31)];
        assert_eq!(left(&trees(&[started(100, 10)]), &stranger, &[]), Vec::<u32>::new(), "a recycled root");
        let group = [link(101, 1, 100, 31)];
        assert_eq!(left(&trees(&[started(100, 10)]), &group, &[]), Vec::<u32>::new(), "a group without its root");
        let older = [link(300, 1, 300, 4)];
        assert_eq!(left(&trees(&[]), &older, &[300]), Vec::<u32>::new(), "older than the server");
    }

    #[test]
    fn tags() {
        let tagged = |environment: &[&str]| is_tagged(environment.iter().map(|text| text.as_bytes()), "macos:7:8:9:");
        assert!(tagged(&["A=1", "PROCWARD_TAG=macos:7:8:9:1", "B=2"]));
        assert!(!tagged(&["PROCWARD_TAG=macos:7:8:10:1"]), "another server's");
        assert!(!tagged(&["PROCWARD_TAG=macos:7:8:9:1", "PROCWARD_KEEP=1"]), "detached");
        assert!(!tagged(&["PROCWARD_KEEP=1", "PROCWARD_TAG=macos:7:8:9:1"]), "in any order");
        assert!(!tagged(&["XPROCWARD_TAG=macos:7:8:9:1"]));
        assert!(!tagged(&[]));
    }

    #[test]
    fn a_tag_prefix_names_its_server() {
        assert_eq!(server_of("macos:7:8:00ff:"), Some((7, StartMark(8))));
        for text in ["", "macos:7:8:00ff", "macos:7:8:00ff:1", "macos:x:8:00ff:", "macos:7:-8:00ff:", "macos:7:8:"] {
            assert_eq!(server_of(text), None, "{text:?}");
        }
    }
}
