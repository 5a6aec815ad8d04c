//! Process trees by server: the numbers of starts, and of exits by reason.

use super::names::{MAX_SERIES, OTHERS, label};
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// The counts of all servers. A tree without a server counts under none.
#[derive(Debug, Clone, Default)]
pub struct Children(BTreeMap<Option<String>, ChildrenOf>);

/// The counts of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChildrenOf {
    /// The server's name.
    pub server: Option<String>,
    /// The trees that run.
    pub count: u64,
    /// The resident bytes of the trees that run.
    pub memory: u64,
    /// The processor time of all trees, also of those that have exited, in seconds.
    #[serde(rename = "cpu", serialize_with = "seconds")]
    pub cpu_time: Duration,
    /// The trees that were started.
    pub spawns: u64,
    /// The trees that have exited, by reason.
    pub exits: BTreeMap<&'static str, u64>,
    /// The trees that were killed, and still run.
    pub stuck: u64,
    /// The trees that were killed and did not exit in time, ever.
    #[serde(rename = "stuckTotal")]
    pub stuck_total: u64,
}

impl Children {
    /// Counts a tree that was started.
    pub fn started(&mut self, server: Option<&str>) {
        self.of(server).spawns += 1;
    }

    /// Counts a tree that was killed and did not exit in time.
    pub fn stuck(&mut self, server: Option<&str>) {
        self.of(server).stuck_total += 1;
    }

    /// Counts a tree that has exited.
    pub fn exited(&mut self, server: Option<&str>, reason: &'static str, cpu_time: Duration) {
        let children = self.of(server);
        *children.exits.entry(reason).or_default() += 1;
        children.cpu_time += cpu_time;
    }

    /// Adds a tree that runs now. This is for a copy that becomes a snapshot.
    pub fn running(&mut self, server: Option<&str>, memory: u64, cpu_time: Duration, is_stuck: bool) {
        let children = self.of(server);
        children.count += 1;
        children.stuck += u64::from(is_stuck);
        children.memory += memory;
        children.cpu_time += cpu_time;
    }

    /// Returns the counts of each server.
    pub fn list(self) -> Vec<ChildrenOf> {
        self.0.into_values().collect()
    }

    fn of(&mut self, server: Option<&str>) -> &mut ChildrenOf {
        let name = server.map(label);
        let is_new = !self.0.contains_key(&name);
        let server = if is_new && self.0.len() >= MAX_SERIES { Some(OTHERS.to_owned()) } else { name };
        let new = || ChildrenOf { server: server.clone(), ..ChildrenOf::default() };
        self.0.entry(server.clone()).or_insert_with(new)
    }
}

fn seconds<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_above_the_limit_are_counted_together() {
        let mut children = Children::default();
        children.started(None);
        (0..500).for_each(|server| children.started(Some(&format!("server {server}"))));
        children.exited(Some("server 3"), "ok", Duration::from_secs(2));
        children.exited(Some("server 499"), "killed", Duration::ZERO);
        children.stuck(Some("server 3"));
        children.running(Some("server 3"), 7, Duration::from_secs(3), true);
        let all = children.list();
        assert_eq!(all.len(), MAX_SERIES + 1);
        assert_eq!((all[0].server.as_deref(), all[0].spawns, all[0].count), (None, 1, 0));
        let find = |name| all.iter().find(|of| of.server.as_deref() == Some(name)).expect("it is listed");
        assert_eq!(find(OTHERS).spawns, 301);
        assert_eq!(find(OTHERS).exits, [("killed", 1)].into());
        let ChildrenOf { exits, count, memory, cpu_time, stuck, stuck_total, .. } = find("server 3");
        assert_eq!((*stuck, *stuck_total, find(OTHERS).stuck), (1, 1, 0));
        assert_eq!((exits, *count, *memory, *cpu_time), (&[("ok", 1)].into(), 1, 7, Duration::from_secs(5)));
    }
}
