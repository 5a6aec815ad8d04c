//! Which processes are to be ended: a pure function of the process table, the live trees and the policy.

mod trees;

use super::allow::Allow;
use super::family::Family;
use super::reason::Reason;
use crate::process::identity::StartMark;
use crate::process::table::{Kind, Namespace, ProcessInfo, Snapshot};
use crate::process::tag::{Instance, Tag};
use std::collections::HashMap;
use std::time::Duration;
pub use trees::TrackedTree;
use trees::Trees;

/// How far the scanner looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What was started through procward, and what its dead runs left behind.
    Tracked,
    /// That, and this server's Node.js descendants that are too old.
    Tree,
    /// That, and every Node.js process of this user that is too old.
    Machine,
}

/// What the user chose.
#[derive(Debug, Clone)]
pub struct Policy {
    /// How far to look.
    pub scope: Scope,
    /// What is older than this has been forgotten.
    pub max_age: Duration,
    /// What is always spared.
    pub allow: Vec<Allow>,
}

/// What there is to judge.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// All processes.
    pub snapshot: &'a Snapshot,
    /// This server.
    pub me: &'a Instance,
    /// The trees of this server that run now, listed *after* the processes.
    pub trees: &'a [TrackedTree],
}

/// What becomes of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is to be ended.
    Kill(Reason),
    /// It is left alone.
    Skip(Reason),
}

/// The decision about one candidate: a Node.js process, or one of procward's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its pid.
    pub pid: u32,
    /// When that process started: no other is meant.
    pub start: StartMark,
    /// The file name of its executable.
    pub name: String,
    /// For how long it has run; of a tree, how long that has.
    pub age: Duration,
    /// What becomes of it.
    pub decision: Decision,
    /// The live tree that this verdict is about as a whole, to be ended as such.
    pub tree: Option<u64>,
    /// It guards a tree, and ends with it.
    pub is_warden: bool,
}

/// A younger process may belong to a tree, or to a server, that started while the lists were made.
pub(super) const SETTLED: Duration = Duration::from_secs(1);

/// Judges every candidate; `None` when the table can't be right, as this server is not in it.
pub fn decide(view: View<'_>, policy: &Policy) -> Option<Vec<Verdict>> {
    let processes = &view.snapshot.processes;
    let family = Family::of(processes, view.me)?;
    let judge = Judge { view, policy, trees: Trees::of(&family, view), family };
    let ends = view.trees.iter().map(|tree| (tree.number, judge.tree(tree))).collect();
    Some(processes.iter().filter_map(|process| judge.verdict(process, &ends)).collect())
}

/// What becomes of a live tree.
struct End {
    decision: Decision,
    /// The member that stands for it: its root, or the oldest where the root has gone.
    speaker: Option<u32>,
}

struct Judge<'a> {
    view: View<'a>,
    policy: &'a Policy,
    family: Family<'a>,
    trees: Trees<'a>,
}

impl<'a> Judge<'a> {
    fn verdict(&self, process: &'a ProcessInfo, ends: &HashMap<u64, End>) -> Option<Verdict> {
        let tree = self.trees.of_process(process);
        let is_hidden = || !process.identified && self.family.hangs_below_a_tag(process);
        let is_named = || self.family.is_host(process);
        if !process.is_candidate() && tree.is_none() && !is_named() && !is_hidden() {
            return None;
        }
        let verdict = |age, decision, tree| Verdict {
            pid: process.link.pid,
            start: process.link.start,
            name: process.name().to_owned(),
            age,
            decision,
            tree,
            is_warden: process.is_warden,
        };
        if let Some(reason) = self.never(process) {
            return Some(verdict(process.age, Decision::Skip(reason), None));
        }
        let Some((tree, end)) = tree.and_then(|tree| Some((tree, ends.get(&tree.number)?))) else {
            return Some(verdict(process.age, self.alone(process), None));
        };
        match end.decision {
            Decision::Skip(_) => Some(verdict(process.age, end.decision, None)),
            // The tree ends as one, so there is one verdict about it.
            Decision::Kill(_) if end.speaker == Some(process.link.pid) => {
                Some(verdict(tree.age, end.decision, Some(tree.number)))
            }
            Decision::Kill(_) => None,
        }
    }

    /// The decision about a live tree. Another user's member is no reason to spare it: this server started it.
    fn tree(&self, tree: &TrackedTree) -> End {
        let members = self.trees.members(tree);
        let is_exempt =
            |member: &&ProcessInfo| matches!(self.never(member), Some(Reason::Kept | Reason::Allowed | Reason::Host));
        let decision = match tree {
            TrackedTree { pooled: true, .. } => Decision::Skip(Reason::Pooled),
            TrackedTree { within_deadline: true, .. } => Decision::Skip(Reason::WithinDeadline),
            TrackedTree { age, .. } if *age <= self.policy.max_age => Decision::Skip(Reason::Young),
            _ if members.iter().any(is_exempt) => Decision::Skip(Reason::SparedTree),
            _ => Decision::Kill(Reason::CallTooOld),
        };
        let order = |member: &&ProcessInfo| (member.link.pid != tree.root, member.link.start, member.link.pid);
        let eligible = members.iter().copied().filter(|member| self.never(member).is_none());
        End { decision, speaker: eligible.min_by_key(order).map(|member| member.link.pid) }
    }

    /// What spares a process in every scope, whatever else is true of it.
    fn never(&self, process: &ProcessInfo) -> Option<Reason> {
        let never = [
            (process.link.pid == self.view.me.pid, Reason::ThisProcess),
            (process.link.pid <= 1, Reason::Init),
            (self.family.is_ancestor(process), Reason::Ancestor),
            (process.is_warden && !self.has_lost_its_server(process), Reason::Warden),
            (process.environment.keep, Reason::Kept),
            (self.policy.allow.iter().any(|allow| allow.matches(process)), Reason::Allowed),
            (self.family.is_host(process), Reason::Host),
            (self.is_of_another_user(process), Reason::OtherUser),
        ];
        never.into_iter().find_map(|(applies, reason)| applies.then_some(reason))
    }

    /// Whether the server that started a process is dead, provably. A warden ends then by itself, unless it was stopped.
    fn has_lost_its_server(&self, process: &ProcessInfo) -> bool {
        let tag = process.environment.tag.as_ref().filter(|tag| tag.instance != *self.view.me);
        tag.is_some_and(|tag| self.family.is_gone(&tag.instance, &self.view.snapshot.gone))
    }

    /// Whether a process is another user's, and was not so from its start: what this user's server started may have become
    /// another user since.
    fn is_of_another_user(&self, process: &ProcessInfo) -> bool {
        let is_ours = self.is_this_users(process) || (process.endable && self.was_this_users(process));
        self.family.own.user.is_none() || !is_ours
    }

    fn is_this_users(&self, process: &ProcessInfo) -> bool {
        process.user.is_some() && process.user == self.family.own.user
    }

    fn was_this_users(&self, process: &ProcessInfo) -> bool {
        let user = self.view.me.user;
        let tag = process.environment.tag.as_ref().filter(|tag| !self.is_mere_heritage(process, tag));
        user.is_some() && tag.is_some_and(|tag| tag.instance.user == user)
    }

    /// The decision about a process that belongs to no live tree.
    fn alone(&self, process: &'a ProcessInfo) -> Decision {
        if !process.identified {
            return Decision::Skip(Reason::Unidentified);
        }
        match &process.environment.tag {
            Some(tag) if !self.is_mere_heritage(process, tag) => self.tagged(process, tag),
            _ => match process.kind {
                Kind::Other => Decision::Skip(Reason::NotOurs),
                Kind::LikeNode => Decision::Skip(Reason::Unrecognised),
                Kind::Node => self.by_age(process),
            },
        }
    }

    /// Where this server was itself started through procward, its own children inherit its tag, which says nothing.
    fn is_mere_heritage(&self, process: &ProcessInfo, tag: &Tag) -> bool {
        self.family.own.environment.tag.as_ref() == Some(tag) && self.family.is_descendant(process)
    }

    fn tagged(&self, process: &'a ProcessInfo, tag: &Tag) -> Decision {
        let me = self.view.me;
        let is_own = tag.instance == *me;
        if self.family.is_passed_on(tag, process) || (!is_own && self.family.is_alive(&tag.instance)) {
            return Decision::Skip(Reason::OtherInstance);
        }
        if !is_own && !self.family.is_gone(&tag.instance, &self.view.snapshot.gone) {
            return Decision::Skip(Reason::Unproven);
        }
        if self.family.own.environment.tag.as_ref() == Some(tag) && self.family.is_of_own_job(process) {
            return Decision::Skip(Reason::SameJob);
        }
        if process.age < SETTLED {
            return Decision::Skip(Reason::Unsettled);
        }
        Decision::Kill(if is_own { Reason::LeftOver } else { Reason::LeftByDeadRun })
    }

    /// The rules for Node.js processes that procward did not start.
    fn by_age(&self, process: &'a ProcessInfo) -> Decision {
        let is_old = process.awake > self.policy.max_age;
        let is_below = || self.family.is_descendant(process);
        match self.policy.scope {
            Scope::Tracked => Decision::Skip(Reason::NotOurs),
            Scope::Tree if !is_below() => Decision::Skip(Reason::NotOurs),
            Scope::Tree if self.family.nearest_host(process).is_some_and(|host| host.link.pid != self.view.me.pid) => {
                Decision::Skip(Reason::OtherInstance)
            }
            Scope::Tree if process.environment.managed_by_node => Decision::Skip(Reason::ManagedByNode),
            Scope::Tree if is_old => Decision::Kill(Reason::DescendantTooOld),
            // A hidden ancestor of this server may stand between it and a visible one.
            Scope::Machine if !self.view.snapshot.complete => Decision::Skip(Reason::Unproven),
            // Root in a container is the same user as root outside.
            Scope::Machine if process.namespace == Namespace::Below && !is_below() => {
                Decision::Skip(Reason::OtherNamespace)
            }
            Scope::Machine if is_old => Decision::Kill(Reason::NodeTooOld),
            Scope::Tree | Scope::Machine => Decision::Skip(Reason::Young),
        }
    }
}

#[cfg(test)]
pub(super) mod fixture;
#[cfg(test)]
mod never_test;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod trees_test;
