//! Which processes belong to a tree: a pure function of the process table.

use super::{Link, StartMark};
use std::collections::{HashMap, HashSet};

/// The process that a tree grew from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The root's pid, which is also its process group.
    pub pid: u32,
    /// The root's start mark.
    pub start: StartMark,
    /// The root was not reaped, so its pid and its group can mean nothing else.
    pub held: bool,
}

/// Members of a tree that were seen before. They stay members after their parents' exit.
pub type Seen = HashMap<u32, StartMark>;

/// Returns the members of a tree: the root, its group, members seen before, processes with the tree's tag, and all
/// their descendants.
///
/// `is_tagged` is called only for processes that nothing else decides, because it reads their environment.
pub fn members<'a>(links: &'a [Link], origin: Origin, seen: &Seen, is_tagged: impl Fn(u32) -> bool) -> Vec<&'a Link> {
    let young: Vec<&Link> = links.iter().filter(|link| link.start >= origin.start).collect();
    let is_held = |link: &Link| origin.held && (link.pid == origin.pid || link.group == Some(origin.pid));
    let belongs = |link: &Link| is_held(link) || seen.get(&link.pid) == Some(&link.start);
    let mut found: HashSet<u32> = young.iter().filter(|link| belongs(link)).map(|link| link.pid).collect();
    add_descendants(&young, &mut found);
    let tagged: Vec<u32> =
        young.iter().map(|link| link.pid).filter(|pid| !found.contains(pid) && is_tagged(*pid)).collect();
    found.extend(tagged);
    add_descendants(&young, &mut found);
    young.into_iter().filter(|link| found.contains(&link.pid)).collect()
}

/// Returns the processes in the group of a root that was reaped just now.
///
/// As long as the group has members, the kernel gives its number to no other process. A process with that pid shows
/// that the number was given out.
pub fn left_in_group(links: &[Link], origin: Origin) -> Seen {
    if links.iter().any(|link| link.pid == origin.pid) {
        return Seen::new();
    }
    let left = links.iter().filter(|link| link.group == Some(origin.pid) && link.start >= origin.start);
    left.map(|link| (link.pid, link.start)).collect()
}

fn add_descendants(young: &[&Link], found: &mut HashSet<u32>) {
    let starts: HashMap<u32, StartMark> = young.iter().map(|link| (link.pid, link.start)).collect();
    loop {
        let before = found.len();
        for link in young {
            // A parent that started after its child is an unrelated process with a recycled pid.
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
        found_again(links, held, tagged, &[])
    }

    fn found_again(links: &[Link], held: bool, tagged: &[u32], seen: &[(u32, u64)]) -> Vec<u32> {
        let origin = Origin { pid: ROOT, start: StartMark(10), held };
        let seen = seen.iter().map(|(pid, start)| (*pid, StartMark(*start))).collect();
        let found = members(links, origin, &seen, |pid| tagged.contains(&pid));
        let mut pids: Vec<u32> = found.iter().map(|link| link.pid).collect();
        pids.sort_unstable();
        pids
    }

    #[test]
    fn a_tree_has_its_group_its_descendants_and_tagged_processes() {
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

    #[test]
    fn a_seen_process_stays_a_member_and_a_recycled_pid_is_none() {
        let links = [link(101, 1, 101, 11), link(102, 101, 101, 12), link(103, 1, 103, 40)];
        assert_eq!(found(&links, false, &[]), Vec::<u32>::new());
        assert_eq!(found_again(&links, false, &[], &[(101, 11), (103, 13)]), [101, 102]);
    }

    #[test]
    fn the_members_left_in_a_group_are_found() {
        let origin = Origin { pid: ROOT, start: StartMark(10), held: false };
        let left = |links: &[Link]| {
            let mut pids: Vec<u32> = left_in_group(links, origin).into_keys().collect();
            pids.sort_unstable();
            pids
        };
        let group = [link(101, 1, ROOT, 11), link(102, 101, ROOT, 12), link(103, 101, 103, 13), link(90, 1, ROOT, 9)];
        assert_eq!(left(&group), [101, 102]);
        let recycled = [link(101, 1, ROOT, 11), link(ROOT, 1, ROOT, 30)];
        assert_eq!(left(&recycled), Vec::<u32>::new(), "the number may mean another group by now");
    }
}
