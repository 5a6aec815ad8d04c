//! The thread of a process that waits for its turn, and then for free slots.

use super::line::Place;
use super::shared::{Held, Shared};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

/// The time between two looks without a ring, because a process that is killed cannot ring.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Starts the thread. It outlives its waiters and is never joined, because a wait for a lock cannot be given up. It ends
/// when the limit was closed and no waiter is left.
pub fn start(shared: Arc<Shared>, name: &str) -> io::Result<()> {
    let name = format!("procward-{name}");
    thread::Builder::new().name(name).spawn(move || serve(&shared)).map(drop)
}

fn serve(shared: &Arc<Shared>) {
    loop {
        let place = {
            let mut state = shared.state.lock();
            loop {
                match state.queue.first() {
                    Some((_, place)) => break place,
                    None if state.is_closed => return,
                    None => shared.has_waiter.wait(&mut state),
                }
            }
        };
        if let Err(error) = serve_first(shared, place) {
            // As at `acquire()`: a folder that cannot be used fails its callers at once.
            let _ = shared.state.lock().queue.grant(Err(error));
        }
    }
}

/// Waits until the first waiter is the first in line, and until it has its slots or has given up.
fn serve_first(shared: &Arc<Shared>, place: Option<Arc<Place>>) -> io::Result<()> {
    let Some(place) = place else {
        let place = shared.line.join(&shared.folder)?;
        shared.state.lock().queue.place_next(place);
        return Ok(());
    };
    place_rest(shared)?;
    place.wait()?;
    // Given back at the end, if no waiter takes them.
    let mut taken = Held::none(Arc::clone(shared));
    loop {
        let mut state = shared.state.lock();
        let first = state.queue.first();
        let Some((cost, _)) = first.filter(|(_, first)| first.as_ref().is_some_and(|first| Arc::ptr_eq(first, &place)))
        else {
            drop(state);
            return Ok(());
        };
        let collected = state.collect(shared, cost, &mut taken);
        if matches!(collected, Ok(true)) {
            let all = std::mem::replace(&mut taken, Held::none(Arc::clone(shared)));
            let granted = state.queue.grant(Ok(all));
            drop(state);
            drop(granted);
            return Ok(());
        }
        drop(state);
        collected?;
        shared.bell.wait(LOOK_AGAIN);
    }
}

/// Takes places for the waiters that have none, as far as that does not block.
fn place_rest(shared: &Shared) -> io::Result<()> {
    let mut state = shared.state.lock();
    while !state.queue.is_placed() {
        match shared.line.try_join(&shared.folder)? {
            Some(place) => state.queue.place_next(place),
            None => break,
        }
    }
    Ok(())
}
