//! Decides which processes to end: a pure function of the process table, the live trees and the policy.

mod membership;
mod view;

use super::allow::Allow;
use super::family::Family;
use super::reason::Reason;
use super::trees::TrackedTree;
use crate::process::identity::StartMark;
use crate::process::table::{Kind, Namespace, ProcessInfo, User};
use crate::process::tag::Tag;
use membership::Membership;
use std::collections::HashMap;
use std::time::Duration;
pub use view::View;

/// The processes that the scanner judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Processes started through procward, by this server or by a dead one.
    Tracked,
    /// These, and this server's Node.js descendants that are too old.
    Tree,
    /// These, and every Node.js process of this user that is too old.
    Machine,
}

impl Scope {
    /// Returns true if the scope reaches processes that procward has nothing to do with. Its first scan only reports.
    pub fn reaches_strangers(self) -> bool {
        match self {
            Self::Tracked | Self::Tree => false,
            Self::Machine => true,
        }
    }
}

/// The options that a decision depends on.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The processes to judge.
    pub scope: Scope,
    /// The age above which nothing is expected to end a process.
    pub max_age: Duration,
    /// The processes that are always spared.
    pub allow: Vec<Allow>,
}

/// The fate of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The process is to be ended.
    Kill(Reason),
    /// The process is spared.
    Skip(Reason),
}

/// The decision about one candidate: a Node.js process, or one of procward's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its pid.
    pub pid: u32,
    /// The start of the process, which tells it from a later one with its pid.
    pub start: StartMark,
    /// The file name of its executable.
    pub name: String,
    /// The age of the process, or of its tree where the verdict is about the tree.
    pub age: Duration,
    /// Its fate.
    pub decision: Decision,
    /// The live tree that this verdict is about as a whole, to be ended as such.
    pub tree: Option<u64>,
    /// True for a warden.
    pub is_warden: bool,
    /// The place of the process among the others.
    pub origin: Origin,
}

/// The place of a process among the others, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The parent's pid.
    pub parent: u32,
    /// The user by the system's own name, if known.
    pub user: Option<User>,
    /// The pid of the server that started the process or an ancestor of the process, by the nearest tag of this world.
    /// The server may be dead.
    pub owner: Option<u32>,
}

/// The age below which a process may belong to a tree or a server that started while the lists were made.
pub(super) const SETTLED: Duration = Duration::from_secs(1);

/// Judges every candidate. Returns `None` when the table can't be right, because this server is not in it.
pub fn decide(view: View<'_>, policy: &Policy) -> Option<Vec<Verdict>> {
    let processes = &view.snapshot.processes;
    let family = Family::of(processes, view.me)?;
    let judge = Judge { view, policy, trees: Membership::of(&family, view), family };
    let ends = view.trees.iter().map(|tree| (tree.number, judge.tree(tree))).collect();
    Some(processes.iter().filter_map(|process| judge.verdict(process, &ends)).collect())
}

/// The decision about a live tree.
struct TreeVerdict {
    decision: Decision,
    /// The member that the report names: the root, or the oldest member after the root's exit.
    representative: Option<u32>,
}

struct Judge<'a> {
    view: View<'a>,
    policy: &'a Policy,
    family: Family<'a>,
    trees: Membership<'a>,
}

impl<'a> Judge<'a> {
    fn verdict(&self, process: &'a ProcessInfo, ends: &HashMap<u64, TreeVerdict>) -> Option<Verdict> {
        let tree = self.trees.tree_of(process);
        let is_hidden = || !process.identified && self.family.is_below_a_tag(process);
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
            origin: self.origin(process),
        };
        if let Some(reason) = self.never(process) {
            return Some(verdict(process.age, Decision::Skip(reason), None));
        }
        let Some((tree, end)) = tree.and_then(|tree| Some((tree, ends.get(&tree.number)?))) else {
            return Some(verdict(process.age, self.without_tree(process), None));
        };
        match end.decision {
            Decision::Skip(_) => Some(verdict(process.age, end.decision, None)),
            // A tree is terminated as a whole, so the report has one verdict about it.
            Decision::Kill(_) if end.representative == Some(process.link.pid) => {
                Some(verdict(tree.age, end.decision, Some(tree.number)))
            }
            Decision::Kill(_) => None,
        }
    }

    fn origin(&self, process: &'a ProcessInfo) -> Origin {
        let nearest = self.family.tag_above(process).map(|tag| &tag.instance);
        let owner = nearest.filter(|instance| instance.shares_world_with(self.view.me)).map(|instance| instance.pid);
        Origin { parent: process.link.parent, user: process.user.clone(), owner }
    }

    /// Decides about a live tree. A member of another user is no reason to spare a tree, because this server started it.
    fn tree(&self, tree: &TrackedTree) -> TreeVerdict {
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
        TreeVerdict { decision, representative: eligible.min_by_key(order).map(|member| member.link.pid) }
    }

    /// Returns the reason that spares a process in every scope.
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

    /// Tells whether the server that started a process is provably dead. A warden exits then, unless it was stopped.
    fn has_lost_its_server(&self, process: &ProcessInfo) -> bool {
        let tag = process.environment.tag.as_ref().filter(|tag| tag.instance != *self.view.me);
        tag.is_some_and(|tag| self.family.is_dead(&tag.instance, &self.view.snapshot.gone))
    }

    /// Tells whether a process is another user's. A process that this user's server started may have changed its user: it
    /// still counts as this user's where the kernel lets this server signal it.
    fn is_of_another_user(&self, process: &ProcessInfo) -> bool {
        let is_ours = self.is_this_users(process) || (process.endable && self.was_this_users(process));
        self.family.own.user.is_none() || !is_ours
    }

    fn is_this_users(&self, process: &ProcessInfo) -> bool {
        process.user.is_some() && process.user == self.family.own.user
    }

    fn was_this_users(&self, process: &ProcessInfo) -> bool {
        let user = self.view.me.user;
        let tag = process.environment.tag.as_ref().filter(|tag| !self.inherits_tag(process, tag));
        user.is_some() && tag.is_some_and(|tag| tag.instance.user == user)
    }

    /// Decides about a process that belongs to no live tree.
    fn without_tree(&self, process: &'a ProcessInfo) -> Decision {
        if !process.identified {
            return Decision::Skip(Reason::Unidentified);
        }
        match &process.environment.tag {
            Some(tag) if !self.inherits_tag(process, tag) => self.tagged(process, tag),
            _ => match process.kind {
                Kind::Other => Decision::Skip(Reason::NotOurs),
                Kind::LikeNode => Decision::Skip(Reason::Unrecognised),
                Kind::Node => self.by_age(process),
            },
        }
    }

    /// Tells whether a process merely inherits the tag of this server, which was itself started through procward.
    fn inherits_tag(&self, process: &ProcessInfo, tag: &Tag) -> bool {
        self.family.own.environment.tag.as_ref() == Some(tag) && self.family.is_descendant(process)
    }

    fn tagged(&self, process: &'a ProcessInfo, tag: &Tag) -> Decision {
        let me = self.view.me;
        let is_own = tag.instance == *me;
        if self.family.is_passed_on(tag, process) || (!is_own && self.family.is_alive(&tag.instance)) {
            return Decision::Skip(Reason::OtherInstance);
        }
        if !is_own && !self.family.is_dead(&tag.instance, &self.view.snapshot.gone) {
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

    /// Decides about a Node.js process that procward did not start.
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
mod membership_test;
#[cfg(test)]
mod never_test;
#[cfg(test)]
mod tests;
