//! The gate with a sensor that a test sets, in virtual time.

use super::driver::{self, Sensor};
use super::*;
use crate::limit::controller::READ_WHILE_RUNNING;
use crate::process::host_limit::Charges;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::time::{Instant, advance, sleep, timeout};
use tokio_util::sync::CancellationToken;

const MB: u64 = 1 << 20;

/// A machine of 1000 MB whose processes have what the test says.
#[derive(Default)]
struct World {
    available: Mutex<u64>,
    of_each: Mutex<u64>,
    pressure: Mutex<f64>,
    readings: AtomicUsize,
    seen: Mutex<Vec<u32>>,
}

fn memory_rules() -> Rules {
    Rules { memory: Some(memory::Rules::default()), processor: None }
}

fn gate(rules: Rules, available: u64) -> (Arc<Gate>, Arc<World>, InForce) {
    let (gate, world) = (Arc::<Gate>::default(), Arc::<World>::default());
    *world.available.lock() = available * MB;
    let in_force = enforce(&gate, &world, rules);
    (gate, world, in_force)
}

fn enforce(gate: &Arc<Gate>, world: &Arc<World>, rules: Rules) -> InForce {
    enforce_shared(gate, world, rules, None)
}

fn enforce_shared(gate: &Arc<Gate>, world: &Arc<World>, rules: Rules, shared: Option<Charges>) -> InForce {
    let read = Arc::clone(world);
    let sensor: Sensor = Box::new(move |trees| {
        read.readings.fetch_add(1, Ordering::Relaxed);
        *read.seen.lock() = trees.iter().map(|(_, pid)| *pid).collect();
        let machine = Some(Machine { available: *read.available.lock(), total: 1000 * MB });
        let of_each = *read.of_each.lock() * MB;
        let pressure = Some(Pressure::Waiting(*read.pressure.lock()));
        Reading { machine, pressure, trees: trees.iter().map(|(process, _)| (*process, of_each)).collect() }
    });
    gate.enforce_with(rules, shared, &Handle::current(), sensor, || {})
}

/// Returns an admission that has come by now, after the driver had its turns.
async fn soon(waiting: impl Future<Output = Admission>) -> Option<Admission> {
    timeout(Duration::from_secs(1), waiting).await.ok()
}

async fn running(gate: &Arc<Gate>, server: &str, tree: u64) -> Admission {
    let admission = soon(gate.admit(server, tree)).await.expect("admitted");
    admission.set_started(u32::try_from(tree).expect("small"));
    admission
}

fn counts(gate: &Gate) -> (usize, usize) {
    let status = gate.status().expect("on");
    (status.running, status.waiting)
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_is_off_lets_everything_pass_and_reads_nothing() {
    let gate = Arc::<Gate>::default();
    for tree in 0..100 {
        assert!(!gate.admit("a", tree).await.is_counted());
    }
    assert_eq!((gate.status(), gate.learnt()), (None, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_start_waits_for_memory_and_takes_it_when_a_process_ends() {
    // Without knowledge a process counts 256 MB, and 100 MB stay free.
    let (gate, _, _in_force) = gate(memory_rules(), 700);
    let first = running(&gate, "a", 1).await;
    let _second = running(&gate, "b", 2).await;
    let mut third = Box::pin(gate.admit("c", 3));
    assert!(soon(&mut third).await.is_none());
    let status = gate.status().expect("on");
    assert_eq!((status.running, status.waiting, status.limited_by), (2, 1, Some(LimitedBy::Memory)));
    drop(first);
    assert!(soon(third).await.is_some_and(|third| third.is_counted() && third.tree() == 3));
}

#[tokio::test(start_paused = true)]
async fn a_waiter_that_leaves_loses_nothing() {
    let (gate, world, in_force) = gate(memory_rules(), 300);
    let first = running(&gate, "a", 1).await;
    assert!(soon(gate.admit("b", 2)).await.is_none());
    assert_eq!(counts(&gate), (1, 0));
    let behind = gate.admit("c", 3);
    let (left, behind) = tokio::join!(soon(gate.admit("b", 4)), async {
        let mut behind = Box::pin(behind);
        let early = soon(&mut behind).await;
        (early, behind)
    });
    assert!(left.is_none() && behind.0.is_none());
    *world.available.lock() = 1000 * MB;
    assert!(soon(behind.1).await.is_some());
    drop(first);
    assert_eq!(counts(&gate), (0, 0));
    drop(in_force);
    assert!(gate.status().is_none() && !gate.is_on());
}

#[tokio::test(start_paused = true)]
async fn waiters_start_when_the_last_rules_end_and_what_was_learnt_stays() {
    let (gate, world, in_force) = gate(memory_rules(), 300);
    *world.of_each.lock() = 90;
    let first = running(&gate, "a", 1).await;
    let mut second = Box::pin(gate.admit("b", 2));
    assert!(soon(&mut second).await.is_none());
    drop(in_force);
    let second = soon(second).await.expect("nothing limits");
    drop((first, second));
    assert_eq!(
        gate.learnt().iter().map(|of| (&*of.server, of.running, of.waiting)).collect::<Vec<_>>(),
        [("a", 0, 0), ("b", 0, 0)]
    );
    let _in_force = enforce(&gate, &world, memory_rules());
    let third = running(&gate, "a", 3).await;
    assert_eq!(counts(&gate), (1, 0));
    drop(third);
}

#[tokio::test(start_paused = true)]
async fn readings_are_rare_unless_a_start_waits() {
    let (gate, world, _in_force) = gate(memory_rules(), 300);
    let readings = || world.readings.swap(0, Ordering::Relaxed);
    sleep(Duration::from_mins(1)).await;
    assert_eq!(readings(), 0, "nothing runs");
    let _first = running(&gate, "a", 7).await;
    sleep(READ_WHILE_RUNNING * 4).await;
    assert!((4..=6).contains(&readings()));
    assert_eq!(*world.seen.lock(), [7]);
    assert!(soon(gate.admit("b", 2)).await.is_none());
    assert!((4..=6).contains(&readings()), "each 250 ms");
}

#[tokio::test(start_paused = true)]
async fn the_calls_limit_rises_while_calls_wait_and_processors_keep_up() {
    let processor = Some(processor::Rules { cores: 2, max: Some(6) });
    let (gate, world, in_force) = gate(Rules { memory: None, processor }, 300);
    let limit = || {
        let status = gate.status().expect("on");
        (status.limit, status.limited_by, status.reason)
    };
    assert_eq!(limit(), (Some(4), None, None));
    in_force.set_full(true);
    assert_eq!(limit(), (Some(4), Some(LimitedBy::Cpu), None));
    sleep(Duration::from_secs(8)).await;
    assert_eq!(limit(), (Some(6), Some(LimitedBy::Slots), Some(Reason::Demand)));
    *world.pressure.lock() = 95.0;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(limit(), (Some(4), Some(LimitedBy::Cpu), Some(Reason::Cpu)));
    in_force.set_full(false);
    assert_eq!(limit().1, None);
}

#[tokio::test(start_paused = true)]
async fn setters_hear_of_changes_and_the_strictest_rules_count() {
    let (gate, world, _first) = gate(memory_rules(), 900);
    let heard = Arc::<AtomicUsize>::default();
    let hear = Arc::clone(&heard);
    let budget = Some(Amount::Bytes(300 * MB));
    let rules = Rules { memory: Some(memory::Rules { budget, reserve: None }), processor: None };
    let second = gate.enforce_with(rules, None, &Handle::current(), driver::system(), move || {
        hear.fetch_add(1, Ordering::Relaxed);
    });
    *world.of_each.lock() = 200;
    let _one = running(&gate, "a", 1).await;
    let mut other = Box::pin(gate.admit("b", 2));
    assert!(soon(&mut other).await.is_none(), "the budget is spent");
    assert!(heard.load(Ordering::Relaxed) > 0);
    drop(second);
    assert!(soon(other).await.is_some(), "the others have no budget");
}

/// A holder of one idle process, which ends when it is told to.
struct Holder {
    tree: u64,
    since: std::time::Instant,
    admission: Mutex<Option<Admission>>,
}

impl IdleTrees for Holder {
    fn idle(self: Arc<Self>) -> Vec<(u64, std::time::Instant)> {
        self.admission.lock().iter().map(|_| (self.tree, self.since)).collect()
    }

    fn evict(self: Arc<Self>, tree: u64) -> bool {
        tree == self.tree && self.admission.lock().take().is_some()
    }
}

#[tokio::test(start_paused = true)]
async fn the_process_that_was_idle_longest_ends_to_make_room() {
    let (gate, world, _in_force) = gate(memory_rules(), 1000);
    *world.of_each.lock() = 250;
    let mut holders = Vec::new();
    for tree in [1, 2] {
        let admission = running(&gate, &format!("server {tree}"), tree).await;
        advance(Duration::from_secs(1)).await;
        let since = Instant::now().into_std();
        let holder = Arc::new(Holder { tree, since, admission: Mutex::new(Some(admission)) });
        let weak: Weak<dyn IdleTrees> = Arc::downgrade(&(Arc::clone(&holder) as Arc<dyn IdleTrees>));
        gate.add_holder(weak);
        holders.push(holder);
    }
    let _busy = running(&gate, "busy", 3).await;
    *world.available.lock() = 250 * MB;
    // The last reading is too old then.
    sleep(Duration::from_millis(300)).await;
    let next = soon(gate.admit("next", 4)).await;
    assert!(next.is_some(), "{:?}", gate.status());
    let is_there: Vec<bool> = holders.iter().map(|holder| holder.admission.lock().is_some()).collect();
    assert_eq!(is_there, [false, true]);
}

#[tokio::test(start_paused = true)]
async fn a_pending_start_can_be_withdrawn_until_it_is_admitted() {
    let (gate, _, _in_force) = gate(memory_rules(), 300);
    let _first = running(&gate, "a", 1).await;
    let pending = Arc::<PendingStarts>::default();
    let (starts, at) = (Arc::clone(&pending), Arc::clone(&gate));
    let start = tokio::spawn(async move { starts.admit(&at, "b", 2, 20, &CancellationToken::new()).await });
    while pending.is_empty() {
        sleep(Duration::from_millis(1)).await;
    }
    assert!(!pending.withdraw(19) && pending.withdraw(20) && !pending.withdraw(20));
    assert!(start.await.expect("no panic").is_none());
    let abandoned = CancellationToken::new();
    abandoned.cancel();
    assert!(pending.admit(&gate, "b", 3, 30, &abandoned).await.is_none() && pending.is_empty());
    assert_eq!(counts(&gate), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_reserved_start_waits_for_nothing() {
    // Without knowledge a process counts 256 MB, and 100 MB stay free.
    let (gate, world, _in_force) = gate(memory_rules(), 700);
    let _first = running(&gate, "a", 1).await;
    let (reservation, admitted) = gate.reserve("b");
    admitted.await.expect("the memory suffices");
    assert_eq!((reservation.state(), gate.reserved("b"), counts(&gate)), (Right::Held, 1, (2, 0)));
    *world.available.lock() = 0;
    assert!(soon(gate.admit("c", 2)).await.is_none(), "another server has no right");
    let start = soon(gate.admit("b", 3)).await.expect("reserved");
    assert_eq!((start.tree(), reservation.state(), gate.reserved("b")), (3, Right::Used, 0));
    assert!(soon(gate.admit("b", 4)).await.is_none(), "a right is for one start");
    drop(reservation);
    assert_eq!(counts(&gate), (2, 0), "the start keeps what it took over");
    drop(start);
    assert_eq!(counts(&gate), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_is_dropped_gives_its_memory_or_its_place_back() {
    let (gate, _, _in_force) = gate(memory_rules(), 700);
    let _first = running(&gate, "a", 1).await;
    let (held, admitted) = gate.reserve("b");
    admitted.await.expect("the memory suffices");
    let (waiting, admitted) = gate.reserve("c");
    assert!(timeout(Duration::from_secs(1), admitted).await.is_err());
    assert_eq!((waiting.state(), gate.reserved("c"), counts(&gate)), (Right::Waiting, 0, (2, 1)));
    drop(waiting);
    assert_eq!(counts(&gate), (2, 0));
    let start = gate.admit("c", 2);
    drop(held);
    assert!(soon(start).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_reservation_teaches_nothing_about_its_server() {
    let (gate, _, _in_force) = gate(memory_rules(), 1000);
    let (one, other) = (gate.reserve("a"), gate.reserve("a"));
    sleep(READ_WHILE_RUNNING * 3).await;
    assert_eq!(gate.reserved("a"), 2);
    let third = gate.reserve("a");
    sleep(READ_WHILE_RUNNING).await;
    assert_eq!(third.0.state(), Right::Waiting, "an unknown server has two processes");
    drop((one, other));
    sleep(READ_WHILE_RUNNING).await;
    assert_eq!(third.0.state(), Right::Held);
    assert_eq!(gate.learnt()[0].peaks, 0);
}

/// Two processes of one user, each with its gate and one running tree, that see the same free memory.
struct Neighbours {
    folder: std::path::PathBuf,
    gates: [Arc<Gate>; 2],
    in_force: [InForce; 2],
    trees: [Admission; 2],
}

impl Neighbours {
    async fn new(name: &str, available: u64, are_shared: bool) -> Self {
        let folder = std::env::temp_dir().join(format!("procward-gates-{}-{name}", std::process::id()));
        let (gates, worlds) = <([Arc<Gate>; 2], [Arc<World>; 2])>::default();
        let in_force = [0, 1].map(|number| {
            *worlds[number].available.lock() = available * MB;
            let shared = are_shared.then(|| Charges::new(Some(folder.clone())));
            enforce_shared(&gates[number], &worlds[number], memory_rules(), shared)
        });
        let trees = [running(&gates[0], "a", 1).await, running(&gates[1], "b", 2).await];
        Self { folder, gates, in_force, trees }
    }

    /// Returns which of both gates admit one more start at the same time.
    async fn admit_both(&self) -> [Option<Admission>; 2] {
        let (one, other) = tokio::join!(soon(self.gates[0].admit("c", 3)), soon(self.gates[1].admit("d", 4)));
        [one, other]
    }

    fn end(self) {
        drop((self.in_force, self.trees));
        let _ = std::fs::remove_dir_all(self.folder);
    }
}

fn count(admitted: &[Option<Admission>]) -> usize {
    admitted.iter().flatten().count()
}

#[tokio::test(start_paused = true)]
async fn processes_that_share_slots_do_not_start_on_the_same_free_memory() {
    // 900 MB are available, 100 MB stay free, and each process counts 256 MB: three fit, and two run.
    for (are_shared, expected) in [(true, 1), (false, 2)] {
        let neighbours = Neighbours::new("same", 900, are_shared).await;
        let admitted = neighbours.admit_both().await;
        assert_eq!(count(&admitted), expected, "shared: {are_shared}");
        drop(admitted);
        neighbours.end();
    }
}

#[tokio::test(start_paused = true)]
async fn the_charge_of_another_process_goes_with_its_peak_and_its_end() {
    let neighbours = Neighbours::new("peak", 700, true).await;
    assert_eq!(count(&neighbours.admit_both().await), 0, "600 MB are for two, and two run");
    // Both trees have shown that they take nothing more.
    sleep(READ_WHILE_RUNNING * 2).await;
    let [one, other] = neighbours.admit_both().await;
    assert!(one.is_some() && other.is_some());
    assert!(soon(neighbours.gates[1].admit("e", 5)).await.is_none(), "600 MB are for two");
    drop(one);
    assert!(soon(neighbours.gates[1].admit("e", 6)).await.is_some(), "one of the other process has ended");
    drop(other);
    neighbours.end();
}

#[tokio::test(start_paused = true)]
async fn a_process_that_shares_its_charge_may_always_have_one_tree() {
    let neighbours = Neighbours::new("one", 0, true).await;
    assert!(neighbours.gates.iter().all(|gate| counts(gate) == (1, 0)));
    neighbours.end();
}
