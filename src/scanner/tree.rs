//! The end of one tree on demand, whatever server started the tree. Its members are known by tag and descent.

use super::Table;
use super::execution::end_held;
use super::family::Family;
use super::report::Failure;
use crate::code::coded_enum;
use crate::process::guarantee::remove_orphaned_groups;
use crate::process::handle::{Handle, Signal, open_verified, wait_all};
use crate::process::identity::StartMark;
use crate::process::table::{CommandLines, ProcessInfo, Snapshot};
use crate::process::tag::{Instance, Tag};
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The number of looks at a tree. A tree that starts processes faster than they are ended is reported as remaining.
const ROUNDS: u32 = 50;
/// The time in which the warden of an ended tree exits by itself.
const WARDEN_TIMEOUT: Duration = Duration::from_secs(2);

coded_enum! {
    /// The reason for which no process was ended.
    pub enum Refusal {
        /// No process has this pid.
        NoSuchProcess = "ERR_NO_SUCH_PROCESS",
        /// No tag shows that procward started the process or one of its ancestors.
        NotOurs = "ERR_NOT_OURS",
        /// This process belongs to the same tree.
        OwnTree = "ERR_OWN_TREE",
        /// The processes of this machine could not be listed.
        Unlisted = "ERR_PROCESS_LIST",
    }
}

/// The result for one tree.
#[derive(Debug, Default)]
pub struct TreeEnd {
    /// The reason why no process was ended.
    pub refusal: Option<Refusal>,
    /// The pid of the server that started the tree. The server may be dead, or of another PID namespace.
    pub owner: Option<u32>,
    /// The pids and names of the ended processes.
    pub ended: BTreeMap<u32, String>,
    /// The processes that could not be ended.
    pub errors: Vec<Failure>,
}

/// Ends the tree that a process belongs to: SIGTERM to each member, SIGKILL after the grace period.
pub async fn end(table: &Table, pid: u32, grace: Duration) -> TreeEnd {
    let mut result = TreeEnd::default();
    let tag = match look(table, move |snapshot| tree_of(snapshot, Instance::current(), pid)).await {
        Ok(Ok(tag)) => tag,
        Ok(Err(refusal)) => return TreeEnd { refusal: Some(refusal), ..result },
        Err(_) => return TreeEnd { refusal: Some(Refusal::Unlisted), ..result },
    };
    result.owner = Some(tag.instance.pid);
    let deadline = Instant::now() + grace;
    for _ in 0..ROUNDS {
        let wanted = tag.clone();
        let found = match look(table, move |snapshot| members(snapshot, Instance::current(), &wanted)).await {
            Ok(found) => found,
            Err(error) => {
                result.errors = vec![Failure { pid, message: format!("Cannot list processes: {error}") }];
                return result;
            }
        };
        let (wardens, others): (Vec<Member>, Vec<Member>) = found.into_iter().partition(|member| member.is_warden);
        if others.is_empty() {
            result.errors = dismiss(wardens).await;
            break;
        }
        // Members that were started meanwhile get the rest of the grace period.
        let (ended, errors) = end_members(others, deadline.saturating_duration_since(Instant::now())).await;
        let is_stuck = ended.is_empty() && !errors.is_empty();
        result.ended.extend(ended);
        result.errors = errors;
        if is_stuck {
            break;
        }
    }
    let _ = tokio::task::spawn_blocking(remove_orphaned_groups).await;
    result
}

/// Ends these processes, each through a handle that can mean no other process.
async fn end_members(members: Vec<Member>, grace: Duration) -> (Vec<(u32, String)>, Vec<Failure>) {
    let (mut held, mut errors) = (Vec::new(), Vec::new());
    for member in members {
        match open_verified(member.pid, member.start) {
            Ok(Some(handle)) => held.push((handle, member)),
            Ok(None) => {}
            Err(error) => errors.push(failure(&member, &error)),
        }
    }
    let (handles, members): (Vec<Handle>, Vec<Member>) = held.into_iter().unzip();
    let mut ended = Vec::new();
    for (member, result) in members.into_iter().zip(end_held(&handles, Signal::Terminate, grace).await) {
        match result {
            Ok(()) => ended.push((member.pid, member.name)),
            Err(error) => errors.push(failure(&member, &error)),
        }
    }
    (ended, errors)
}

/// Waits until the wardens of an ended tree have exited, also a warden that was stopped. A warden that stays holds a
/// process that cannot be seen from here, so no warden is killed.
async fn dismiss(wardens: Vec<Member>) -> Vec<Failure> {
    let open = |member: Member| Some((open_verified(member.pid, member.start).ok().flatten()?, member));
    let (handles, members): (Vec<Handle>, Vec<Member>) = wardens.into_iter().filter_map(open).unzip();
    for handle in &handles {
        // A warden that cannot be signalled is reported below.
        let _ = handle.signal(Signal::Continue);
    }
    wait_all(&handles, WARDEN_TIMEOUT).await;
    let staying = handles.iter().zip(&members).filter(|(handle, _)| !handle.has_exited());
    let error = io::Error::new(io::ErrorKind::TimedOut, "still there after its tree");
    staying.map(|(_, member)| failure(member, &error)).collect()
}

fn failure(member: &Member, error: &io::Error) -> Failure {
    Failure { pid: member.pid, message: format!("Cannot end {}: {error}", member.name) }
}

/// A process of a tree.
#[derive(Debug, PartialEq, Eq)]
struct Member {
    pid: u32,
    start: StartMark,
    name: String,
    is_warden: bool,
}

/// Returns the tag of the tree that a process belongs to.
fn tree_of(snapshot: &Snapshot, me: &Instance, pid: u32) -> Result<Tag, Refusal> {
    let family = Family::of(&snapshot.processes, me).ok_or(Refusal::Unlisted)?;
    let process = family.get(pid).ok_or(Refusal::NoSuchProcess)?;
    let tag = family.tag_above(process).ok_or(Refusal::NotOurs)?;
    if is_member(&family, family.own, tag) { Err(Refusal::OwnTree) } else { Ok(tag.clone()) }
}

/// Returns the processes that carry a tree's tag, and their descendants.
fn members(snapshot: &Snapshot, me: &Instance, tag: &Tag) -> Vec<Member> {
    let Some(family) = Family::of(&snapshot.processes, me) else { return Vec::new() };
    let found = snapshot.processes.iter().filter(|process| is_member(&family, process, tag));
    let member = |process: &ProcessInfo| Member {
        pid: process.link.pid,
        start: process.link.start,
        name: process.name().to_owned(),
        is_warden: process.is_warden && process.environment.tag.as_ref() == Some(tag),
    };
    found.map(member).collect()
}

fn is_member<'a>(family: &Family<'a>, process: &'a ProcessInfo, tag: &Tag) -> bool {
    family.lineage(process).any(|above| above.environment.tag.as_ref() == Some(tag))
}

/// Reads the processes on a thread that may block.
async fn look<T: Send + 'static>(
    table: &Table,
    examine: impl FnOnce(&Snapshot) -> T + Send + 'static,
) -> io::Result<T> {
    let table = Arc::clone(table);
    let read = move || Ok(examine(&table(CommandLines::OfCandidates)?));
    tokio::task::spawn_blocking(read).await.map_err(|_| io::Error::other("the look failed unexpectedly"))?
}

#[cfg(test)]
mod tests {
    use super::super::verdict::fixture::{ME, instance, machine, me, node, program, tagged, with};
    use super::*;

    #[test]
    fn a_tree_is_known_by_its_tag_and_by_descent() {
        let other = instance(300, 3_000);
        let warden = with(|process| process.is_warden = true, tagged(other.clone(), 1, program(310, 300)));
        let snapshot = machine([
            with(|process| process.hosts_procward = true, node(300, 40)),
            warden,
            tagged(other.clone(), 1, program(311, 310)),
            program(312, 311),
            tagged(instance(311, 3_110), 1, node(313, 312)),
            tagged(other.clone(), 2, program(320, 300)),
            node(330, 300),
            tagged(other.clone(), 1, node(340, 1)),
        ]);
        let tag = |tree| Tag { instance: other.clone(), tree };
        for (pid, expected) in [
            (310, Ok(tag(1))),
            (311, Ok(tag(1))),
            (312, Ok(tag(1))),
            (313, Ok(Tag { instance: instance(311, 3_110), tree: 1 })),
            (320, Ok(tag(2))),
            (340, Ok(tag(1))),
            (300, Err(Refusal::NotOurs)),
            (330, Err(Refusal::NotOurs)),
            (ME, Err(Refusal::NotOurs)),
            (1, Err(Refusal::NotOurs)),
            (999, Err(Refusal::NoSuchProcess)),
        ] {
            assert_eq!(tree_of(&snapshot, &me(), pid), expected, "{pid}");
        }
        let pids = |tree| members(&snapshot, &me(), &tag(tree)).iter().map(|member| member.pid).collect::<Vec<_>>();
        assert_eq!((pids(1), pids(2)), (vec![310, 311, 312, 313, 340], vec![320]));
        let wardens = members(&snapshot, &me(), &tag(1)).into_iter().filter(|member| member.is_warden);
        assert_eq!(wardens.map(|member| member.pid).collect::<Vec<_>>(), [310]);
    }

    #[test]
    fn the_tree_of_this_process_is_refused() {
        let other = instance(300, 3_000);
        let mut snapshot = machine([tagged(other.clone(), 1, program(320, 50))]);
        let shell = snapshot.processes.iter_mut().find(|process| process.link.pid == 50).expect("the shell above");
        shell.environment.tag = Some(Tag { instance: other, tree: 1 });
        for pid in [50, ME, 320] {
            assert_eq!(tree_of(&snapshot, &me(), pid), Err(Refusal::OwnTree), "{pid}");
        }
    }
}
