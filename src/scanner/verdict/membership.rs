//! The members of this server's live trees.

use super::view::View;
use crate::process::table::ProcessInfo;
use crate::process::tag::Tag;
use crate::scanner::family::Family;
use crate::scanner::trees::TrackedTree;
use std::collections::HashMap;

/// The live trees and their members.
pub struct Membership<'a> {
    by_pid: HashMap<u32, &'a TrackedTree>,
    members: HashMap<u64, Vec<&'a ProcessInfo>>,
}

impl<'a> Membership<'a> {
    /// Assigns each process to its tree: by tag, as its root, by process group, or else as its parent.
    pub fn of(family: &Family<'a>, view: View<'a>) -> Self {
        let mut membership = Self { by_pid: HashMap::new(), members: HashMap::new() };
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
                membership.by_pid.insert(process.link.pid, tree);
                membership.members.entry(tree.number).or_default().push(process);
            }
        }
        membership
    }

    /// Returns the tree that a process belongs to.
    pub fn tree_of(&self, process: &ProcessInfo) -> Option<&'a TrackedTree> {
        self.by_pid.get(&process.link.pid).copied()
    }

    /// Returns the members of a tree.
    pub fn members(&self, tree: &TrackedTree) -> &[&'a ProcessInfo] {
        self.members.get(&tree.number).map_or(&[], Vec::as_slice)
    }
}

/// Tells whether the tree's root pid still means its root: the pid may be another process's after the root was reaped.
fn is_root(family: &Family<'_>, view: View<'_>, tree: &TrackedTree) -> bool {
    let Some(process) = family.get(tree.root) else { return true };
    let tag = Tag { instance: view.me.clone(), tree: tree.number };
    process.environment.tag == Some(tag) || family.is_descendant(process)
}
