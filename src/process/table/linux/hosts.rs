//! Finds servers with procward that do not look like Node.js, such as single executables with their own names.

use super::info::maps_procward;
use crate::process::proc_files::open;
use crate::process::table::ProcessInfo;
use std::collections::{HashMap, HashSet};

/// Sets `hosts_procward` for programs between this server and Node.js processes below it. Reading the mappings of all
/// programs would take longer than the rest of a scan.
pub(super) fn find(processes: &mut [ProcessInfo]) {
    for at in between(processes, std::process::id()) {
        let process = &mut processes[at];
        process.hosts_procward = open(process.link.pid).is_ok_and(|open| maps_procward(&open).unwrap_or_default());
    }
}

/// Returns the indexes of the processes that are no candidates and stand between this process and a Node.js process
/// below it.
fn between(processes: &[ProcessInfo], me: u32) -> HashSet<usize> {
    let places: HashMap<u32, usize> =
        processes.iter().enumerate().map(|(at, process)| (process.link.pid, at)).collect();
    let parent = |child: &ProcessInfo| {
        let at = *places.get(&child.link.parent)?;
        (processes[at].link.start <= child.link.start).then_some(at)
    };
    let mut found = HashSet::new();
    for node in processes.iter().filter(|process| process.is_node() && process.link.pid != me) {
        let mut above = Vec::new();
        let mut next = parent(node);
        // A loop of parents is possible in a list that was read while pids changed hands.
        while let Some(at) = next.filter(|at| processes[*at].link.pid != me && above.len() < processes.len()) {
            above.push(at);
            next = parent(&processes[at]);
        }
        if next.is_some_and(|at| processes[at].link.pid == me) {
            found.extend(above.into_iter().filter(|at| !processes[*at].is_candidate()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::identity::StartMark;
    use crate::process::table::{CommandLines, Kind, Link, snapshot};

    #[test]
    fn only_programs_between_this_server_and_node_are_examined() {
        let all = snapshot(CommandLines::OfCandidates).expect("processes can be listed");
        let own = all.processes.iter().find(|process| process.link.pid == std::process::id()).expect("it runs");
        let process = |pid, parent, kind| {
            let link = Link { pid, parent, start: StartMark(u64::from(pid)), ..own.link.clone() };
            ProcessInfo { link, kind, ..own.clone() }
        };
        let (me, node, other) = (100, Kind::Node, Kind::Other);
        let processes = [
            process(1, 0, other),
            process(50, 1, other),
            process(me, 50, node),
            process(110, me, other),
            process(120, 110, other),
            process(130, 120, node),
            process(140, me, other),
            process(150, 50, other),
            process(160, 150, node),
            process(170, 130, other),
            process(180, 170, node),
        ];
        let mut pids: Vec<u32> = between(&processes, me).into_iter().map(|at| processes[at].link.pid).collect();
        pids.sort_unstable();
        assert_eq!(pids, [110, 120, 170]);
    }
}
