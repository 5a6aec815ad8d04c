//! Joins the posts of one thread in one turn, so that each child is woken by one write.

use std::cell::RefCell;
use std::sync::Arc;

/// An input that can join its posts.
pub(super) trait Corked {
    /// Writes what was held back.
    fn uncork(&self);
}

thread_local! {
    /// The inputs that hold something back while this thread joins posts.
    static CORKED: RefCell<Option<Vec<Arc<dyn Corked>>>> = const { RefCell::new(None) };
}

/// Does some work on this thread, and then writes the posts of that work to each child at once.
pub fn corked<T>(work: impl FnOnce() -> T) -> T {
    // A turn inside a turn ends with the outer turn.
    let is_outer = CORKED.with_borrow(Option::is_none);
    let _cork = is_outer.then(|| {
        CORKED.set(Some(Vec::new()));
        Cork
    });
    work()
}

/// Writes the held posts when it is dropped, also while a panic unwinds.
struct Cork;

impl Drop for Cork {
    fn drop(&mut self) {
        for input in CORKED.take().unwrap_or_default() {
            input.uncork();
        }
    }
}

/// Returns whether this thread joins posts.
pub(super) fn is_joining() -> bool {
    CORKED.with_borrow(Option::is_some)
}

/// Adds an input that holds something back.
pub(super) fn add(input: Arc<dyn Corked>) {
    CORKED.with_borrow_mut(|corked| corked.get_or_insert_default().push(input));
}
