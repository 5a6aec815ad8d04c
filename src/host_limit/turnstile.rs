//! The thread of a process that waits at the turnstile, and then for a free slot.

use super::slots::{Held, Shared};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The time between two looks without a ring, because a process that is killed cannot ring.
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// The pause after an error of the system, such as too many open files.
const ERROR_PAUSE: Duration = Duration::from_millis(100);

/// Starts the thread. It outlives its waiters and is never joined, because a lock cannot be given up while it waits.
pub fn start(shared: Arc<Shared>, name: &str) -> io::Result<()> {
    let name = format!("procward-{name}");
    thread::Builder::new().name(name).spawn(move || wait_for_ever(&shared)).map(drop)
}

fn wait_for_ever(shared: &Arc<Shared>) {
    loop {
        {
            let mut state = shared.state.lock();
            while state.queue.first_cost().is_none() {
                shared.has_waiter.wait(&mut state);
            }
        }
        // One waiter each time, so that waiters of other processes have their turn.
        if shared.at_turnstile(|| serve_first(shared)).is_err() {
            thread::sleep(ERROR_PAUSE);
        }
        thread::yield_now();
    }
}

/// Collects slots for the first waiter, until it has them or no waiter is left.
fn serve_first(shared: &Arc<Shared>) {
    let mut held = Vec::new();
    loop {
        let mut state = shared.state.lock();
        let Some(cost) = state.queue.first_cost() else { break };
        let collected = state.collect(&shared.folder, cost, &mut held);
        if held.len() >= cost as usize {
            let granted = state.queue.grant(Held::new(std::mem::take(&mut held), Arc::clone(shared)));
            drop(state);
            // A waiter that has just given up leaves its slots, and the next waiter is served.
            if granted.is_ok() {
                return;
            }
            continue;
        }
        drop(state);
        match collected {
            Ok(()) => shared.bell.wait(LOOK_AGAIN),
            Err(_) => thread::sleep(ERROR_PAUSE),
        }
    }
    drop(Held::new(held, Arc::clone(shared)));
}
