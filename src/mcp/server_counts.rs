//! The counts of each server by name, whatever its configuration was meanwhile.

use super::server_config::Key;
use crate::pool::{KeyView, Stats};
use std::collections::BTreeMap;
use std::time::Duration;

/// The number of servers that keep counts of their own after their configuration has gone.
const MAX_PAST: usize = 200;
/// The name for the counts of all further servers.
const OTHER: &str = "other";

/// A server and its counts.
#[derive(Debug, Default)]
pub struct ServerCounts {
    /// The number of calls that wait for a session.
    pub waiting: usize,
    /// The time until the next start may be tried, after too many failures.
    pub retry_after: Option<Duration>,
    /// The counts so far.
    pub stats: Stats,
}

/// The names of servers, and the counts of configurations that have gone.
#[derive(Debug, Default)]
pub struct PastCounts {
    /// The configurations that have gone, whose sessions may still end.
    ending: Vec<(Key, String)>,
    counts: BTreeMap<String, Stats>,
}

impl PastCounts {
    /// Notes that a configuration has gone.
    pub fn retire(&mut self, key: Key, name: String) {
        self.ending.push((key, name));
    }

    /// Takes over the counts that cannot change any more. `forget` returns `None` for counts that can.
    pub fn settle(&mut self, forget: impl Fn(Key) -> Option<Stats>) {
        for (key, name) in std::mem::take(&mut self.ending) {
            match forget(key) {
                Some(stats) => self.add(name, &stats),
                None => self.ending.push((key, name)),
            }
        }
    }

    /// Returns the counts by name. `name` returns the name of a present configuration.
    pub fn by_name(
        &self,
        present: Vec<KeyView<Key>>,
        ending: impl Fn(Key) -> Stats,
        name: impl Fn(Key) -> Option<String>,
    ) -> BTreeMap<String, ServerCounts> {
        let mut all: BTreeMap<String, ServerCounts> = BTreeMap::new();
        for (name, stats) in &self.counts {
            all.entry(name.clone()).or_default().stats = stats.clone();
        }
        for (key, name) in &self.ending {
            let counts = all.entry(name.clone()).or_default();
            counts.stats = std::mem::take(&mut counts.stats).with(&ending(*key));
        }
        for KeyView { key, waiting, retry_after, stats } in present {
            let Some(name) = name(key) else { continue };
            let counts = all.entry(name).or_default();
            counts.waiting += waiting;
            counts.retry_after = counts.retry_after.max(retry_after);
            counts.stats = std::mem::take(&mut counts.stats).with(&stats);
        }
        all
    }

    fn add(&mut self, name: String, stats: &Stats) {
        let is_known = self.counts.contains_key(&name) || self.counts.len() < MAX_PAST;
        let past = self.counts.entry(if is_known { name } else { OTHER.to_owned() }).or_default();
        *past = std::mem::take(past).with(stats);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Retirement;

    fn counted(reused: u64) -> Stats {
        let mut stats = Stats { reused, ..Stats::default() };
        stats.count(Retirement::Changed);
        stats
    }

    fn present(key: Key, waiting: usize, reused: u64) -> KeyView<Key> {
        KeyView { key, waiting, retry_after: None, stats: counted(reused) }
    }

    #[test]
    fn a_changed_server_keeps_its_counts() {
        let mut past = PastCounts::default();
        past.retire(1, "a".to_owned());
        let name = |_| Some("a".to_owned());
        // The sessions of the old configuration end one after the other.
        past.settle(|_| None);
        let ending = past.by_name(vec![present(2, 3, 10)], |_| counted(5), name);
        past.settle(|_| Some(counted(5)));
        let gone = past.by_name(vec![present(2, 3, 10)], |_| panic!("nothing ends"), name);
        for all in [ending, gone] {
            let ServerCounts { waiting, stats, .. } = &all["a"];
            assert_eq!((*waiting, stats.reused, stats.retired[&Retirement::Changed]), (3, 15, 2));
        }
    }

    #[test]
    fn the_counts_of_servers_that_have_gone_are_bounded() {
        let mut past = PastCounts::default();
        for key in 0..1000 {
            past.retire(key, format!("server {key}"));
            past.settle(|_| Some(counted(1)));
        }
        let all = past.by_name(Vec::new(), |_| Stats::default(), |_| None);
        assert_eq!((all.len(), all[OTHER].stats.reused), (MAX_PAST + 1, 1000 - MAX_PAST as u64));
    }
}
