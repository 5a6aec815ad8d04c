//! Slots that several processes share. Each opening of a limit stands for a process, because locks belong to open files.

use procward::process::host_limit::{Acquired, Folder, Held, Slots};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot::Receiver;

type Turn = Receiver<io::Result<Held>>;

struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("procward-host-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn slots(&self, limit: u32) -> Slots {
        let folder = Folder::open(Some(&self.0)).expect("it is ours");
        Slots::open(&folder, None, limit).expect("it is writable")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wait(slots: &Slots, cost: u32) -> Held {
    match slots.acquire(cost).expect("there are threads") {
        Acquired::Now(held) => held,
        Acquired::Later(turn) => taken(turn),
    }
}

fn taken(turn: Turn) -> Held {
    turn.blocking_recv().expect("the thread lives").expect("the files are usable")
}

/// Waits behind slots that are held.
fn turn(slots: &Slots, cost: u32) -> Turn {
    match slots.acquire(cost).expect("there are threads") {
        Acquired::Later(turn) => turn,
        Acquired::Now(_) => panic!("the slots are held"),
    }
}

#[test]
fn processes_never_hold_more_slots_than_the_limit() {
    const LIMIT: u32 = 3;
    let folder = Temporary::new("limit");
    let (at_once, most, done) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    thread::scope(|scope| {
        for process in 0..4 {
            let slots = folder.slots(LIMIT);
            for caller in 0..4 {
                let (slots, at_once, most, done) = (slots.clone(), &at_once, &most, &done);
                scope.spawn(move || {
                    for call in 0..20 {
                        let cost = 1 + (process + caller + call) % 2;
                        let held = wait(&slots, cost);
                        most.fetch_max(at_once.fetch_add(cost, Ordering::SeqCst) + cost, Ordering::SeqCst);
                        thread::sleep(Duration::from_micros(200));
                        at_once.fetch_sub(cost, Ordering::SeqCst);
                        drop(held);
                        done.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        }
    });
    assert_eq!(done.into_inner(), 4 * 4 * 20);
    assert!((2..=LIMIT).contains(&most.into_inner()));
}

#[test]
fn waiters_of_a_process_are_served_in_order() {
    let folder = Temporary::new("order");
    let slots = folder.slots(1);
    let first = wait(&slots, 1);
    let waiters: Vec<_> = (0..20).map(|_| turn(&slots, 1)).collect();
    drop(first);
    for (number, mut waiter) in waiters.into_iter().enumerate() {
        let held = loop {
            match waiter.try_recv() {
                Ok(held) => break held,
                Err(_) => thread::yield_now(),
            }
        };
        assert_eq!(slots.waiting(), 19 - number);
        drop(held);
    }
}

#[test]
fn a_waiter_that_gave_up_takes_no_slot() {
    let folder = Temporary::new("gave-up");
    let (one, other) = (folder.slots(2), folder.slots(2));
    let held = wait(&one, 2);
    let (gone, next) = (turn(&other, 2), turn(&other, 1));
    drop(gone);
    other.gave_up();
    drop(held);
    drop(taken(next));
    // Nothing is held, so all slots can be had at once as soon as the thread has left the turnstile.
    drop(wait(&one, 2));
}

#[test]
fn slots_that_were_granted_and_not_taken_are_given_back() {
    let folder = Temporary::new("not-taken");
    let (one, other) = (folder.slots(1), folder.slots(1));
    for _ in 0..50 {
        let held = wait(&other, 1);
        drop(turn(&one, 1));
        drop(held);
        drop(wait(&other, 1));
    }
    drop(wait(&one, 1));
}

#[test]
fn processes_are_served_in_the_order_of_arrival() {
    let folder = Temporary::new("arrival");
    let processes: Vec<_> = (0..4).map(|_| folder.slots(2)).collect();
    let held = wait(&processes[0], 2);
    // A large request in the line keeps the place of all.
    let costs = [2, 1, 2, 1, 1, 2, 1, 2];
    let waiters: Vec<_> = (0..).zip(costs).map(|(at, cost)| turn(&processes[at % 4], cost)).collect();
    drop(held);
    let (served, order) = mpsc::channel();
    thread::scope(|scope| {
        for (number, waiter) in waiters.into_iter().enumerate() {
            let served = served.clone();
            scope.spawn(move || {
                let held = taken(waiter);
                served.send(number).expect("the test listens");
                drop(held);
            });
        }
    });
    drop(served);
    let order: Vec<_> = order.iter().collect();
    assert_eq!(order.len(), costs.len());
    // Two calls of cost 1 that start together may report in any order.
    assert!(order.iter().enumerate().all(|(at, &number)| at.abs_diff(number) <= 1), "{order:?}");
}

#[test]
fn files_that_a_cleaner_removed_are_made_again() {
    let folder = Temporary::new("cleaner");
    let slots = folder.slots(1);
    drop(wait(&slots, 1));
    fs::remove_dir_all(&folder.0).expect("it is ours");
    let held = wait(&slots, 1);
    let other = turn(&folder.slots(1), 1);
    drop(held);
    assert!(other.blocking_recv().is_ok());
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_slot_is_refused_with_its_path() {
    let folder = Temporary::new("link");
    let slots = folder.slots(1);
    std::os::unix::fs::symlink("/dev/null", folder.0.join("all-0")).expect("the name is free");
    let refused = slots.acquire(1).expect_err("a link is no slot").to_string();
    assert!(refused.contains("all-0"), "{refused}");
    fs::remove_file(folder.0.join("all-0")).expect("it is ours");
    drop(wait(&slots, 1));
}

#[cfg(unix)]
#[test]
fn a_file_in_place_of_the_bell_is_refused() {
    let folder = Temporary::new("bell");
    let opened = Folder::open(Some(&folder.0)).expect("it is ours");
    fs::write(folder.0.join("all-bell"), "").expect("it is writable");
    let refused = Slots::open(&opened, None, 1).expect_err("a file always rings").to_string();
    assert!(refused.contains("all-bell") && refused.contains("not a named pipe"), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_waiter_fails_when_its_files_can_no_longer_be_used() {
    let folder = Temporary::new("unusable");
    let (one, other) = (folder.slots(1), folder.slots(2));
    let held = wait(&one, 1);
    // It needs a second slot, whose place is taken by something else meanwhile.
    let waiter = turn(&other, 2);
    drop(held);
    drop(taken(waiter));
    let held = wait(&one, 1);
    fs::remove_file(folder.0.join("all-1")).expect("it was used");
    fs::create_dir(folder.0.join("all-1")).expect("the name is free");
    let waiter = other.acquire(2);
    drop(held);
    let refused = match waiter {
        Err(error) => error,
        Ok(Acquired::Later(waiter)) => waiter.blocking_recv().expect("the thread lives").expect_err("it is a folder"),
        Ok(Acquired::Now(_)) => panic!("a folder is no slot"),
    };
    assert!(refused.to_string().contains("all-1"), "{refused}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_limit_keeps_neither_files_nor_its_thread() {
    let folder = Temporary::new("closed");
    let (one, other) = (folder.slots(1), folder.slots(1));
    let held = wait(&one, 1);
    let waiter = turn(&other, 1);
    let open = || {
        let files = fs::read_dir("/proc/self/fd").expect("there is a /proc").flatten();
        files.filter(|file| fs::read_link(file.path()).is_ok_and(|target| target.starts_with(&folder.0))).count()
    };
    assert!(open() > 0);
    other.close();
    // A waiter from before is still served.
    drop(held);
    drop(taken(waiter));
    one.close();
    while open() > 0 {
        thread::yield_now();
    }
}
