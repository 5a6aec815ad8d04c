//! The script by table: on the model, and on a real Redis.

mod support;

use procward::fleet::script::{
    Answer, Ask, Command, Detail, FleetName, Held, Notice, ProcessId, ProcessInfo, Reclaim, ServerLimits, Terms,
};
use procward::limit::calls::{Limits, Rate};
use std::time::Duration;
use support::{Model, Real, Server};

const LEASE: u64 = 1000;

/// A fleet on one server, on the test's clock.
struct Fleet<'a> {
    server: &'a mut dyn Server,
    name: FleetName,
    micros: u64,
}

fn on_all_servers(test: fn(&mut Fleet)) {
    let mut model = Model::new();
    test(&mut Fleet::new(&mut model));
    if let Some(mut real) = Real::start() {
        test(&mut Fleet::new(&mut real));
    }
}

impl<'a> Fleet<'a> {
    fn new(server: &'a mut dyn Server) -> Self {
        let mut fleet =
            Self { server, name: FleetName::new("a fleet").expect("a name"), micros: 1_700_000_000_000_000 };
        fleet.pass(0);
        fleet
    }

    fn pass(&mut self, ms: u64) {
        self.micros += ms * 1000 + 1;
        self.server.set_clock(self.micros);
    }

    fn run(&mut self, process: &str, command: &Command) -> Answer {
        let id = ProcessId::new(process).expect("an id");
        let arguments = command.arguments(&id, Duration::from_millis(LEASE));
        let value = self.server.run(&self.name.keys(), &arguments).expect("the script answers");
        Answer::read(command, &value).unwrap_or_else(|error| panic!("{error}: {value:?}"))
    }

    fn listen(&mut self, process: &str) {
        let channel = self.name.channel(&ProcessId::new(process).expect("an id"));
        self.server.subscribe(&channel);
    }

    fn join(&mut self, process: &str, terms: &Terms) -> Answer {
        let info = ProcessInfo { host: "here".into(), pid: 7, label: process.into() };
        self.listen(process);
        self.run(process, &Command::Join { version: None, terms: terms.clone(), info })
    }

    /// Begins a fleet of these processes, and passes the grace.
    fn begin(&mut self, terms: &Terms, processes: &[&str]) {
        for process in processes {
            self.join(process, terms);
        }
        self.pass(LEASE - 1);
        for process in processes {
            self.beat(process);
        }
        self.pass(1);
    }

    fn beat(&mut self, process: &str) -> Vec<Held> {
        match self.run(process, &Command::Beat { after: 0 }).detail {
            Detail::Holders { held, .. } => held,
            other => panic!("{other:?}"),
        }
    }

    fn ask(&mut self, process: &str, id: u64, server: &str, cost: u32) -> Answer {
        self.run(process, &Command::Acquire(vec![ask(id, server, cost)]))
    }

    fn starts(&mut self, process: &str, id: u64, server: &str) -> bool {
        !self.ask(process, id, server, 1).grants.is_empty()
    }

    fn release(&mut self, process: &str, id: u64) -> Answer {
        self.run(process, &Command::Release(vec![id]))
    }

    /// Returns the calls that were granted by notices, with the process of each.
    fn notified(&mut self) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        for (channel, text) in self.server.messages() {
            let process = channel.rsplit(':').next().expect("a process").to_owned();
            if let Some(Notice::Granted(grants)) = Notice::read(&text) {
                found.extend(grants.iter().map(|grant| (process.clone(), grant.id)));
            }
        }
        found
    }
}

fn ask(id: u64, server: &str, cost: u32) -> Ask {
    Ask { id, server: server.into(), cost, ticket: None }
}

/// A server's name, its limit, and its rate with the interval in ms.
type Row<'a> = (&'a str, Option<u32>, Option<(u32, u64)>);

fn terms(limit: u32, servers: &[Row]) -> Terms {
    let servers = servers.iter().map(|&(server, limit, rate)| {
        let rate = rate.map(|(limit, ms)| Rate { limit, interval: Duration::from_millis(ms) });
        ServerLimits { server: server.into(), limits: Limits { limit, rate } }
    });
    Terms { limit, servers: servers.collect() }
}

#[test]
fn a_call_that_replaces_another_waits_behind_earlier_ones() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b"]);
        let replace = |id: u64| Command::Replace { ended: vec![id - 1], asks: vec![ask(id, "s", 1)] };
        assert!(fleet.starts("a", 1, "s"));
        assert_eq!(fleet.run("a", &replace(2)).grants.len(), 1, "no other call waits");
        assert!(!fleet.starts("b", 1, "t"));
        let answer = fleet.run("a", &replace(3));
        assert!(answer.grants.is_empty());
        assert!(matches!(&answer.detail, Detail::Waiting(waiting) if waiting.len() == 1 && waiting[0].0 == 3));
        assert_eq!(fleet.notified(), [("b".to_owned(), 1)]);
        fleet.release("b", 1);
        assert_eq!(fleet.notified(), [("a".to_owned(), 3)]);
    });
}

#[test]
fn a_release_hands_on_to_the_earliest_waiter_and_notifies_its_process_alone() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b", "c"]);
        assert!(fleet.starts("a", 1, "s"));
        assert!(!fleet.starts("b", 1, "s"));
        assert!(!fleet.starts("c", 1, "t"));
        assert!(!fleet.starts("a", 2, "s"));
        for next in [("b", 1), ("c", 1)] {
            let holder = if next.0 == "b" { "a" } else { "b" };
            fleet.release(holder, 1);
            assert_eq!(fleet.notified(), [(next.0.to_owned(), next.1)]);
        }
        // The releasing process's own waiter is in the answer.
        let released = fleet.release("c", 1);
        assert_eq!(released.grants, []);
        assert_eq!(fleet.notified(), [("a".to_owned(), 2)]);
        assert!(!fleet.starts("a", 3, "s"));
        assert_eq!(fleet.release("a", 2).grants.iter().map(|grant| grant.id).collect::<Vec<_>>(), [3]);
    });
}

#[test]
fn asking_and_releasing_again_change_nothing() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b"]);
        let first = fleet.ask("a", 1, "s", 1).grants;
        assert_eq!(fleet.ask("a", 1, "s", 1).grants, first);
        let waiting = fleet.ask("b", 1, "s", 1).detail;
        assert_eq!(fleet.ask("b", 1, "s", 1).detail, waiting);
        fleet.release("a", 1);
        fleet.release("a", 1);
        assert_eq!(fleet.beat("b").len(), 1);
        let listing = fleet.run("a", &Command::List).detail;
        let Detail::Listing(listing) = listing else { panic!("{listing:?}") };
        assert_eq!((listing.in_use, listing.holders, listing.waiters, listing.processes), (1, 1, 0, 2));
        assert_eq!(listing.process_list[0].info.pid, 7);
        assert_eq!((&*listing.holder_list[0].process, &*listing.holder_list[0].server), ("b", "s"));
    });
}

#[test]
fn another_process_can_release_nothing() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b"]);
        assert!(fleet.starts("a", 1, "s"));
        fleet.release("b", 1);
        assert_eq!(fleet.beat("a").len(), 1);
    });
}

#[test]
fn a_process_that_does_not_listen_is_passed_over() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b", "c"]);
        assert!(fleet.starts("a", 1, "s"));
        for process in ["b", "c"] {
            for id in 1..=3 {
                assert!(!fleet.starts(process, id, "s"));
            }
        }
        fleet.server.unsubscribe("{a fleet}:to:b");
        fleet.release("a", 1);
        assert_eq!(fleet.notified(), [("c".to_owned(), 1)]);
        // It comes back, and has its old place by its ticket.
        fleet.listen("b");
        let old = Ask { ticket: Some(1), ..ask(1, "s", 1) };
        fleet.run("b", &Command::Acquire(vec![old]));
        fleet.release("c", 1);
        assert_eq!(fleet.notified(), [("b".to_owned(), 1)]);
    });
}

#[test]
fn a_lease_that_ends_frees_slots_and_no_heartbeat_brings_them_back() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(2, &[]), &["a", "b"]);
        assert!(fleet.starts("a", 1, "s"));
        assert!(fleet.starts("a", 2, "s"));
        assert!(!fleet.starts("b", 1, "s"));
        fleet.pass(LEASE / 2);
        fleet.beat("b");
        fleet.pass(LEASE / 2 - 10);
        // No process has passed the end of its lease yet.
        assert_eq!(fleet.run("b", &Command::Tick).processes, 2);
        fleet.pass(20);
        let answer = fleet.run("b", &Command::Tick);
        assert_eq!((answer.processes, answer.grants.len()), (1, 1));
        let late = fleet.run("a", &Command::Beat { after: 0 });
        assert!(!late.is_known);
        assert!(!fleet.ask("a", 3, "s", 1).is_known);
        fleet.join("a", &terms(2, &[]));
        assert_eq!(fleet.beat("a"), []);
    });
}

#[test]
fn a_fence_rises_with_each_grant_and_over_a_loss_of_memory() {
    on_all_servers(|fleet| {
        let mut fences = Vec::new();
        for round in 0..3 {
            fleet.begin(&terms(1, &[]), &["a"]);
            for id in 1..=3 {
                fences.extend(fleet.ask("a", 100 * round + id, "s", 1).grants.iter().map(|grant| grant.fence));
                fleet.release("a", 100 * round + id);
            }
            for key in fleet.name.keys() {
                fleet.server.command(&[b"UNLINK", key.as_bytes()]).expect("unlinked");
            }
            // A server that counts on where its clock stands behind the last fence.
        }
        assert_eq!(fences.len(), 9);
        assert!(fences.is_sorted_by(|one, other| one < other), "{fences:?}");
    });
}

#[test]
fn after_a_loss_of_memory_only_holders_are_taken_back_for_one_lease() {
    on_all_servers(|fleet| {
        let terms = terms(2, &[]);
        fleet.begin(&terms, &["a", "b"]);
        let held = fleet.ask("a", 1, "s", 1).grants[0];
        for key in fleet.name.keys() {
            fleet.server.command(&[b"UNLINK", key.as_bytes()]).expect("unlinked");
        }
        // A new process is the first to ask, and knows of no epoch.
        let first = fleet.join("n", &terms);
        assert_eq!(first.grace.as_millis(), u128::from(LEASE));
        assert!(!fleet.starts("n", 1, "s"));
        assert!(!fleet.run("a", &Command::Beat { after: 0 }).is_known);
        fleet.join("a", &terms);
        let back = Reclaim { id: 1, server: "s".into(), cost: 1, fence: Some(held.fence) };
        fleet.run("a", &Command::Reclaim(vec![back.clone()]));
        fleet.run("a", &Command::Reclaim(vec![back]));
        assert_eq!(fleet.beat("a"), [Held { id: 1, fence: Some(held.fence), is_rated: false }]);
        fleet.pass(LEASE - 10);
        assert_eq!(fleet.run("n", &Command::Beat { after: 0 }).grants, []);
        assert_eq!(fleet.beat("a").len(), 1);
        fleet.pass(11);
        let grants = fleet.run("n", &Command::Tick).grants;
        assert_eq!(grants.len(), 1);
        assert!(grants[0].fence > held.fence);
        assert!(!fleet.starts("n", 2, "s"), "one slot is free, and the holder has the other one");
    });
}

#[test]
fn costs_and_server_limits_count_as_in_one_process() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(4, &[("two", Some(2), None)]), &["a"]);
        assert!(fleet.starts("a", 1, "two"));
        assert!(fleet.ask("a", 2, "two", 2).grants.is_empty(), "1 + 2 of 2");
        assert!(fleet.starts("a", 3, "free"), "a full server stops no other");
        assert!(fleet.ask("a", 4, "free", 3).grants.is_empty(), "2 + 3 of 4");
        assert!(!fleet.starts("a", 5, "free"), "the call before it waits for more slots, and is not overtaken");
        let ids = |answer: Answer| answer.grants.iter().map(|grant| grant.id).collect::<Vec<_>>();
        assert_eq!(ids(fleet.release("a", 3)), [4], "1 + 3 of 4");
        assert_eq!(ids(fleet.release("a", 4)), [5]);
        assert_eq!(ids(fleet.release("a", 1)), [2]);
    });
}

#[test]
fn a_rate_counts_a_call_until_it_is_sent_and_then_for_one_interval() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(9, &[("r", None, Some((2, 100)))]), &["a"]);
        let grant = fleet.ask("a", 1, "r", 1).grants[0];
        assert!(grant.is_rated);
        assert!(fleet.starts("a", 2, "r"));
        let third = fleet.ask("a", 3, "r", 1);
        assert_eq!(third.grants, []);
        assert!(third.wake > Some(Duration::from_millis(LEASE / 2)), "no opening is known: {:?}", third.wake);
        fleet.pass(200);
        let sent = fleet.run("a", &Command::Sent(vec![1]));
        assert_eq!((sent.grants.len(), sent.wake), (0, Some(Duration::from_millis(101))));
        fleet.pass(100);
        assert_eq!(fleet.run("a", &Command::Tick).grants.len(), 0, "both ends belong to the interval");
        fleet.pass(1);
        assert_eq!(fleet.run("a", &Command::Tick).grants.len(), 1);
        // A released call counts from its release if its sending was not reported.
        fleet.release("a", 2);
        fleet.release("a", 3);
        assert!(!fleet.starts("a", 4, "r"));
        fleet.pass(102);
        assert_eq!(fleet.run("a", &Command::Tick).grants.len(), 1);
    });
}

#[test]
fn a_pause_holds_a_server_and_wakes_the_process_of_its_first_waiter() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(9, &[]), &["a", "b"]);
        fleet.run("a", &Command::Pause { server: "p".into(), time: Duration::from_millis(300) });
        fleet.run("a", &Command::Pause { server: "p".into(), time: Duration::from_millis(100) });
        assert_eq!(fleet.ask("b", 1, "p", 1).wake, Some(Duration::from_millis(300)));
        assert!(fleet.starts("a", 1, "q"));
        fleet.server.messages();
        // The first waiter leaves: the next one's process has to wake.
        assert!(!fleet.starts("a", 2, "p"));
        fleet.release("b", 1);
        let messages = fleet.server.messages();
        let [(channel, text)] = &messages[..] else { panic!("{messages:?}") };
        assert!(channel.ends_with(":a"));
        assert_eq!(Notice::read(text), Some(Notice::Wake(Duration::from_millis(300))));
        fleet.pass(301);
        assert_eq!(fleet.run("b", &Command::Tick).grants, []);
        assert_eq!(fleet.notified(), [("a".to_owned(), 2)]);
        let Detail::Listing(listing) = fleet.run("a", &Command::List).detail else { panic!() };
        assert_eq!(listing.pause_list, []);
    });
}

#[test]
fn the_latest_limits_win_and_both_processes_hear_of_it() {
    on_all_servers(|fleet| {
        let (old, new) = (terms(1, &[("s", Some(1), None)]), terms(3, &[("s", None, None)]));
        fleet.begin(&old, &["a"]);
        let Detail::Joined { version, others: None } = fleet.join("a", &old).detail else { panic!() };
        assert!(fleet.starts("a", 1, "s"));
        assert!(!fleet.starts("a", 2, "s"));
        let joined = fleet.join("b", &new);
        let Detail::Joined { others: Some(found), .. } = joined.detail else { panic!() };
        assert_eq!((found.are_in_force, &found.terms), (false, &old));
        assert_eq!(fleet.notified(), [("a".to_owned(), 2)], "the new limits give slots at once");
        let again = Command::Join { version: Some(version), terms: old.clone(), info: ProcessInfo::default() };
        let Detail::Joined { others: Some(found), .. } = fleet.run("a", &again).detail else { panic!() };
        assert_eq!((found.are_in_force, &found.terms), (true, &new));
        // What is in use was counted without a limit too.
        fleet.join("b", &terms(3, &[("s", Some(2), None)]));
        assert!(!fleet.starts("b", 1, "s"));
    });
}

#[test]
fn a_process_leaves_with_all_its_calls() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b"]);
        assert!(fleet.starts("a", 1, "s"));
        assert!(!fleet.starts("b", 1, "s"));
        fleet.run("a", &Command::Leave);
        assert_eq!(fleet.notified(), [("b".to_owned(), 1)]);
        fleet.run("b", &Command::Leave);
        let Detail::Listing(listing) = fleet.run("x", &Command::List).detail else { panic!() };
        assert_eq!((listing.processes, listing.in_use), (0, 0));
    });
}

#[test]
fn a_dead_process_with_many_calls_is_cleared_in_bounded_steps() {
    on_all_servers(|fleet| {
        fleet.begin(&terms(1, &[]), &["a", "b"]);
        for first in (1..=320).step_by(32) {
            fleet.run("a", &Command::Acquire((first..first + 32).map(|id| ask(id, "s", 1)).collect()));
        }
        assert!(!fleet.starts("b", 1, "s"));
        fleet.pass(LEASE - 10);
        fleet.beat("b");
        fleet.pass(20);
        let mut steps = 0;
        let mut answer = fleet.run("b", &Command::Tick);
        while answer.wake == Some(Duration::ZERO) && steps < 100 {
            answer = fleet.run("b", &Command::Tick);
            steps += 1;
        }
        assert!((3..10).contains(&steps), "{steps}");
        let Detail::Listing(listing) = fleet.run("b", &Command::List).detail else { panic!() };
        assert_eq!((listing.waiters, listing.holders, listing.processes), (0, 1, 1));
    });
}

#[test]
fn names_may_have_any_character() {
    on_all_servers(|fleet| {
        let odd = "a%00 b\0c | d:e\n%";
        fleet.begin(&terms(5, &[(odd, Some(1), None)]), &["a"]);
        assert!(fleet.starts("a", 1, odd));
        assert!(!fleet.starts("a", 2, odd));
        assert!(fleet.starts("a", 3, ""));
        let Detail::Listing(listing) = fleet.run("a", &Command::List).detail else { panic!() };
        let names: Vec<_> = listing.holder_list.iter().map(|holder| &*holder.server).collect();
        assert_eq!(names, [odd, ""]);
        assert_eq!(fleet.release("a", 1).grants.len(), 1);
    });
}

#[test]
fn the_script_runs_on_the_servers_own_clock() {
    let Some(mut real) = Real::start() else { return };
    real.use_own_clock();
    let mut fleet = Fleet::new(&mut real);
    let joined = fleet.join("a", &terms(1, &[]));
    assert!(joined.epoch > 1_700_000_000_000_000);
    assert!(joined.grace > Duration::ZERO && joined.grace <= Duration::from_millis(LEASE));
    let Detail::Joined { version, .. } = joined.detail else { panic!() };
    assert!(version >= joined.epoch);
}
