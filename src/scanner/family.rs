//! The descent of processes, and the servers with procward among them.

use crate::process::table::ProcessInfo;
use crate::process::tag::{Instance, Tag};
use std::collections::{HashMap, HashSet};

/// The first process of a PID namespace, which becomes the parent of all orphans.
const FIRST: u32 = 1;

/// All processes, seen from this server.
#[derive(Debug)]
pub struct Family<'a> {
    /// This server.
    pub own: &'a ProcessInfo,
    me: &'a Instance,
    by_pid: HashMap<u32, &'a ProcessInfo>,
    ancestors: HashSet<u32>,
    hosts: HashSet<u32>,
}

impl<'a> Family<'a> {
    /// Relates the processes. Returns `None` for a list that can't be right, because this server is not in it.
    pub fn of(processes: &'a [ProcessInfo], me: &'a Instance) -> Option<Self> {
        let by_pid: HashMap<u32, &ProcessInfo> = processes.iter().map(|process| (process.link.pid, process)).collect();
        let own = *by_pid.get(&me.pid).filter(|own| own.link.start == me.start)?;
        let mut family = Self { own, me, by_pid, ancestors: HashSet::new(), hosts: HashSet::new() };
        family.ancestors = family.ancestors();
        family.hosts = processes.iter().filter(|process| process.hosts_procward).map(|host| host.link.pid).collect();
        let tags = processes.iter().filter_map(|process| process.environment.tag.as_ref());
        let named: Vec<u32> = tags.filter_map(|tag| family.host_named(&tag.instance)).collect();
        family.hosts.extend(named);
        family.hosts.remove(&me.pid);
        Some(family)
    }

    /// Returns the parent pids above this server. Unlike in `lineage`, a parent may look younger than its child, because
    /// sparing too many is safe.
    fn ancestors(&self) -> HashSet<u32> {
        let mut above = HashSet::new();
        let mut pid = self.own.link.parent;
        while above.insert(pid) {
            let Some(process) = self.by_pid.get(&pid) else { break };
            pid = process.link.parent;
        }
        above
    }

    /// Returns the process that an instance runs in, or may run in.
    fn host_named(&self, instance: &Instance) -> Option<u32> {
        let may_be = |host: &&&ProcessInfo| instance.may_run_in(host.link.start, host.image);
        let host = self.by_pid.get(&instance.pid).filter(may_be)?;
        instance.shares_world_with(self.me).then_some(host.link.pid)
    }

    /// Tells whether an instance still runs, or may.
    pub fn is_alive(&self, instance: &Instance) -> bool {
        self.host_named(instance).is_some()
    }

    /// Tells whether the process that an instance ran in has provably exited. `gone` has the pids that no process has.
    pub fn is_dead(&self, instance: &Instance, gone: &HashSet<u32>) -> bool {
        let is_another = || self.by_pid.contains_key(&instance.pid) && !self.is_alive(instance);
        instance.shares_world_with(self.me) && (is_another() || gone.contains(&instance.pid))
    }

    /// Tells whether this server descends from a process.
    pub fn is_ancestor(&self, process: &ProcessInfo) -> bool {
        self.ancestors.contains(&process.link.pid)
    }

    /// Tells whether a process is another server with procward.
    pub fn is_host(&self, process: &ProcessInfo) -> bool {
        self.hosts.contains(&process.link.pid)
    }

    /// Returns the process with this pid.
    pub fn get(&self, pid: u32) -> Option<&'a ProcessInfo> {
        self.by_pid.get(&pid).copied()
    }

    /// Returns a process, its parent, its grandparent and so on. The lineage ends where a parent has exited, also where
    /// another process has the parent's pid since.
    pub fn lineage(&self, process: &'a ProcessInfo) -> impl Iterator<Item = &'a ProcessInfo> {
        let parent = |child: &&'a ProcessInfo| {
            let parent = self.get(child.link.parent).filter(|parent| parent.link.start <= child.link.start)?;
            (!self.is_adopted(child, parent)).then_some(parent)
        };
        // A loop of parents is only possible in a list that was read while pids changed hands.
        std::iter::successors(Some(process), parent).take(self.by_pid.len())
    }

    /// Tells whether the kernel gave this child to this server as the first process of its PID namespace, or may have. A
    /// process that was started from outside (`docker exec`) becomes this server's child when its own parent has exited.
    fn is_adopted(&self, child: &ProcessInfo, parent: &ProcessInfo) -> bool {
        parent.link.pid == FIRST
            && self.me.pid == FIRST
            && child.link.session != parent.link.session
            && !child.is_warden
    }

    /// Returns the nearest server with procward in a process's lineage, this server included.
    pub fn nearest_host(&self, process: &'a ProcessInfo) -> Option<&'a ProcessInfo> {
        self.lineage(process).find(|above| above.link.pid == self.me.pid || self.is_host(above))
    }

    /// Tells whether a process descends from this server.
    pub fn is_descendant(&self, process: &'a ProcessInfo) -> bool {
        self.lineage(process).any(|above| above.link.pid == self.me.pid)
    }

    /// Tells whether a process may have inherited this tag from a running server that carries the same tag.
    pub fn is_passed_on(&self, tag: &Tag, process: &'a ProcessInfo) -> bool {
        let mut hosts = self.hosts.iter().filter_map(|pid| self.get(*pid)).chain([self.own]);
        hosts.any(|host| host.environment.tag.as_ref() == Some(tag) && self.may_have_started(host, tag, process))
    }

    /// Tells whether a server may have started a process, by their ages and by the processes between them. If an
    /// older process with the same tag stands between them, that process started both, so the server did not.
    fn may_have_started(&self, host: &ProcessInfo, tag: &Tag, process: &'a ProcessInfo) -> bool {
        let (server, start) = (host.link.pid, host.link.start);
        let mut above = self.lineage(process).skip(1);
        let nearest = above.find(|above| above.link.pid == server || above.link.start < start);
        let is_of_another =
            |above: &ProcessInfo| above.link.pid != server && above.environment.tag.as_ref() == Some(tag);
        start <= process.link.start && !nearest.is_some_and(is_of_another)
    }

    /// Tells whether a shell started a process together with this server, by one command line in a group of their own.
    pub fn is_of_own_job(&self, process: &ProcessInfo) -> bool {
        let group = self.own.link.group;
        let above = |pid: &u32| self.get(*pid).is_some_and(|above| above.link.group == group);
        group.is_some() && group == process.link.group && !self.ancestors.iter().any(above)
    }

    /// Returns the tag of a process, or else of its nearest ancestor with a tag.
    pub fn tag_above(&self, process: &'a ProcessInfo) -> Option<&'a Tag> {
        self.lineage(process).find_map(|above| above.environment.tag.as_ref())
    }

    /// Tells whether a process was started below a process with a tag.
    pub fn is_below_a_tag(&self, process: &'a ProcessInfo) -> bool {
        self.lineage(process).skip(1).any(|above| above.environment.tag.is_some())
    }
}
