//! Slots that several processes share. Each opening of a limit stands for a process, because locks belong to open files.

use procward::host_limit::{Folder, Held, Slots};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("procward-host-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn slots(&self, limit: u32) -> Slots {
        let folder = Folder::open(Some(&self.0)).expect("it is ours");
        Slots::open(&folder, "overall", limit).expect("it is writable")
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn wait(slots: &Slots, cost: u32) -> Held {
    slots.acquire(cost).expect("there are threads").blocking_recv().expect("the thread lives")
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
                        let held = slots.try_acquire(cost).expect("it works").unwrap_or_else(|| wait(&slots, cost));
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
    let waiters: Vec<_> = (0..20).map(|_| slots.acquire(1).expect("there are threads")).collect();
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
    let gone = other.acquire(2).expect("there are threads");
    let next = other.acquire(1).expect("there are threads");
    drop(gone);
    other.gave_up();
    drop(held);
    drop(next.blocking_recv().expect("the thread lives"));
    // Nothing is held, so all slots can be had at once as soon as the thread has left the turnstile.
    drop(wait(&one, 2));
}

#[test]
fn slots_that_were_granted_and_not_taken_are_given_back() {
    let folder = Temporary::new("not-taken");
    let (one, other) = (folder.slots(1), folder.slots(1));
    for _ in 0..50 {
        drop(one.acquire(1).expect("there are threads"));
        drop(wait(&other, 1));
    }
    drop(wait(&one, 1));
}

#[test]
fn a_process_that_waits_is_not_overtaken_by_one_that_tries() {
    let folder = Temporary::new("overtaken");
    let (one, other) = (folder.slots(2), folder.slots(2));
    let held = wait(&one, 1);
    let waiter = other.acquire(2).expect("there are threads");
    // The waiter holds the turnstile soon, and the free slot with it.
    while one.try_acquire(1).expect("it works").is_some() {}
    drop(held);
    assert!(waiter.blocking_recv().is_ok());
}

#[test]
fn files_that_a_cleaner_removed_are_made_again() {
    let folder = Temporary::new("cleaner");
    let slots = folder.slots(1);
    drop(wait(&slots, 1));
    fs::remove_dir_all(&folder.0).expect("it is ours");
    let held = wait(&slots, 1);
    assert!(folder.slots(1).try_acquire(1).expect("it works").is_none());
    drop(held);
    assert!(folder.slots(1).try_acquire(1).expect("it works").is_some());
}
