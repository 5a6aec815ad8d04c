//! The trees of this server that run now, and who belongs to which.

use super::View;
use crate::process::table::ProcessInfo;
use crate::process::tag::Tag;
use crate::scanner::family::Family;
use std::collections::HashMap;
use std::time::Duration;

/// A tree of this server that runs now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrackedTree {
    /// The number in its tag.
    pub number: u64,
    /// The pid of the process that it grew from, which is also its process group.
    pub root: u32,
    /// For how long it has run.
    pub age: Duration,
    /// Its own timeout is not over yet.
    pub within_deadline: bool,
    /// It is kept for more calls.
    pub pooled: bool,
}

/// The live trees and their members.
pub struct Trees<'a> {
    by_pid: HashMap<u32, &'a TrackedTree>,
    members: HashMap<u64, Vec<&'a ProcessInfo>>,
}

impl<'a> Trees<'a> {
    /// Finds out who belongs to which tree.
    pub fn of(family: &Family<'a>, view: View<'a>) -> Self {
        let mut trees = Self { by_pid: HashMap::new(), members: HashMap::new() };
        let roots = view.trees.iter().filter(|tree| is_root(family, view, tree));
        let roots: HashMap<u32, &TrackedTree> = roots.map(|tree| (tree.root, tree)).collect();
        let numbers: HashMap<u64, &TrackedTree> = view.trees.iter().map(|tree| (tree.number, tree)).collect();
        let joined = |process: &ProcessInfo| {
            let tag = process.environment.tag.as_ref().filter(|tag| tag.instance == *view.me);
            let by_tag = tag.and_then(|tag| numbers.get(&tag.tree));
            let by_group = || process.link.group.and_then(|group| roots.get(&group));
            by_tag.or_else(|| roots.get(&process.link.pid)).or_else(by_group).copied()
        };
        for process in &view.snapshot.processes {
            if let Some(tree) = family.lineage(process).find_map(joined) {
                trees.by_pid.insert(process.link.pid, tree);
                trees.members.entry(tree.number).or_default().push(process);
            }
        }
        trees
    }

    /// The tree that a process belongs to.
    pub fn of_process(&self, process: &ProcessInfo) -> Option<&'a TrackedTree> {
        self.by_pid.get(&process.link.pid).copied()
    }

    /// Who belongs to a tree.
    pub fn members(&self, tree: &TrackedTree) -> &[&'a ProcessInfo] {
        self.members.get(&tree.number).map_or(&[], Vec::as_slice)
    }
}

/// Whether the tree's root pid still means its root: once that has been waited for, a stranger may get the pid.
fn is_root(family: &Family<'_>, view: View<'_>, tree: &TrackedTree) -> bool {
    let Some(process) = family.get(tree.root) else { return true };
    let tag = Tag { instance: view.me.clone(), tree: tree.number };
    process.environment.tag == Some(tag) || family.is_descendant(process)
}
