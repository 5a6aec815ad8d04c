//! Process trees by server: how many were started, how many ended and how.

use super::{MAX_SERIES, OTHERS, label};
use serde::Serialize;
use std::collections::BTreeMap;

/// All so far. A tree that is of no server counts under none.
#[derive(Debug, Clone, Default)]
pub struct Children(BTreeMap<Option<String>, ChildrenOf>);

/// Those of one server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ChildrenOf {
    /// The server.
    pub server: Option<String>,
    /// How many run.
    pub count: u64,
    /// The resident bytes of those that run.
    pub memory: u64,
    /// How many were started.
    pub spawns: u64,
    /// How many ended, by reason.
    pub exits: BTreeMap<&'static str, u64>,
}

impl Children {
    /// A tree was started.
    pub fn started(&mut self, server: Option<&str>) {
        self.of(server).spawns += 1;
    }

    /// A tree has ended.
    pub fn ended(&mut self, server: Option<&str>, reason: &'static str) {
        *self.of(server).exits.entry(reason).or_default() += 1;
    }

    /// A tree that runs now, which is for a look at a copy of this.
    pub fn running(&mut self, server: Option<&str>, memory: u64) {
        let children = self.of(server);
        children.count += 1;
        children.memory += memory;
    }

    /// One by one.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_server_up_to_a_number_of_them() {
        let mut children = Children::default();
        children.started(None);
        (0..500).for_each(|server| children.started(Some(&format!("server {server}"))));
        children.ended(Some("server 3"), "ok");
        children.ended(Some("server 499"), "killed");
        children.running(None, 7);
        let all = children.list();
        assert_eq!(all.len(), MAX_SERIES + 1);
        assert_eq!((all[0].server.as_deref(), all[0].spawns, all[0].count, all[0].memory), (None, 1, 1, 7));
        let find = |name| all.iter().find(|of| of.server.as_deref() == Some(name)).expect("it is listed");
        assert_eq!(find(OTHERS).spawns, 301);
        assert_eq!(find(OTHERS).exits, [("killed", 1)].into());
        assert_eq!(find("server 3").exits, [("ok", 1)].into());
    }
}
