//! Which processes belong to a tree: a pure function of the process table.

use super::{Link, StartMark};
use std::collections::{HashMap, HashSet};

/// The process that a tree grew from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The root's pid, which is also its process group.
    pub pid: u32,
    /// When the root started.
    pub start: StartMark,
    /// The root has not been waited for, so its pid and its group can mean nothing else.
    pub held: bool,
}

/// The root, its group, its descendants, and whoever carries its tag, with their descendants.
///
/// `is_tagged` is asked only about processes that nothing else decides, as it has to read their environment.
pub fn members(links: &[Link], origin: Origin, is_tagged: impl Fn(u32) -> bool) -> Vec<&Link> {
    let young: Vec<&Link> = links.iter().filter(|link| link.start >= origin.start).collect();
    let belongs = |link: &Link| origin.held && (link.pid == origin.pid || link.group == Some(origin.pid));
    let mut found: HashSet<u32> = young.iter().filter(|link| belongs(link)).map(|link| link.pid).collect();
    add_descendants(&young, &mut found);
    let tagged: Vec<u32> =
        young.iter().map(|link| link.pid).filter(|pid| !found.contains(pid) && is_tagged(*pid)).collect();
    found.extend(tagged);
    add_descendants(&young, &mut found);
    young.into_iter().filter(|link| found.contains(&link.pid)).collect()
}

fn add_descendants(young: &[&Link], found: &mut HashSet<u32>) {
    let starts: HashMap<u32, StartMark> = young.iter().map(|link| (link.pid, link.start)).collect();
    loop {
        let before = found.len();
        for link in young {
            // A parent that started after its child is a stranger with a recycled pid.
            if found.contains(&link.parent) && starts.get(&link.parent).is_some_and(|start| *start <= link.start) {
                found.insert(link.pid);
            }
        }
        if found.len() == before {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: u32 = 100;

    fn link(pid: u32, parent: u32, group: u32, start: u64) -> Link {
        Link { pid, parent, group: Some(group), session: None, start: StartMark(start) }
    }

    fn found(links: &[Link], held: bool, tagged: &[u32]) -> Vec<u32> {
        let origin = Origin { pid: ROOT, start: StartMark(10), held };
        let mut pids: Vec<u32> = members(links, origin, |pid| tagged.contains(&pid)).iter().map(|l| l.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn the_members_of_a_tree() {
        let links = [
            link(1, 0, 1, 0),
            link(50, 1, 50, 5),
            link(ROOT, 50, ROOT, 10),
            link(101, ROOT, ROOT, 11),
            link(102, 101, 102, 12),
            link(103, 1, ROOT, 12),
            link(104, 1, 104, 13),
            link(105, 104, 104, 14),
            link(106, 50, 106, 15),
            link(107, ROOT, 107, 9),
        ];
        assert_eq!(found(&links, true, &[]), [ROOT, 101, 102, 103], "group and descendants, no older child");
        assert_eq!(found(&links, true, &[104]), [ROOT, 101, 102, 103, 104, 105], "a daemon by its tag");
        assert_eq!(found(&links, false, &[]), Vec::<u32>::new(), "the numbers mean nothing any more");
        assert_eq!(found(&links, false, &[104]), [104, 105]);
    }

    #[test]
    fn a_recycled_parent_pid_is_no_parent() {
        let links = [link(ROOT, 1, ROOT, 10), link(101, ROOT, 101, 30), link(102, 101, 102, 20)];
        assert_eq!(found(&links, true, &[]), [ROOT, 101]);
    }
}
