//! Processes by the pids that a script has written.

use procward::process::table::links;

/// Parses pids, one a line.
pub fn pids(written: &[u8]) -> Vec<u32> {
    String::from_utf8_lossy(written).lines().map(|line| line.parse().expect("a pid")).collect()
}

/// Returns the pids of the processes that still run.
pub fn alive(pids: &[u32]) -> Vec<u32> {
    let links = links().expect("processes can be listed");
    links.iter().map(|link| link.pid).filter(|pid| pids.contains(pid)).collect()
}
