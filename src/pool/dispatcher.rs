//! Waits for leases under numbers, and delivers the answers one after another, in the order of the grants.

use super::driver::{Answer, Lease, Pool, Waiter};
use super::factory::Factory;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::mpsc;

/// The numbered waiters of one or more pools.
pub struct Dispatcher<F: Factory> {
    waiters: Mutex<HashMap<u32, Waiter<F>>>,
    grants: mpsc::UnboundedSender<(u32, Answer<F>)>,
}

impl<F: Factory> Dispatcher<F> {
    /// Starts a dispatcher, which calls `deliver` on the runtime with each waiter's number and answer.
    pub fn new(runtime: &Handle, deliver: impl Fn(&Self, u32, Answer<F>) + Send + 'static) -> Arc<Self> {
        let (grants, mut granted) = mpsc::unbounded_channel();
        let this = Arc::new(Self { waiters: Mutex::default(), grants });
        let dispatcher = Arc::downgrade(&this);
        runtime.spawn(async move {
            while let Some((number, answer)) = granted.recv().await {
                let Some(this) = dispatcher.upgrade() else { return };
                // The lease of a waiter that has left goes back.
                if this.cancel(number) {
                    deliver(&this, number, answer.map(Lease::delivered));
                }
            }
        });
        this
    }

    /// Queues a waiter under this number. For `yields` see [`super::state::State::checkout`].
    pub fn wait(&self, pool: &Pool<F>, key: &F::Key, yields: bool, number: u32) {
        let grants = self.grants.clone();
        // The lock is held until the waiter is noted, so that no answer can come before that.
        let mut waiters = self.waiters.lock();
        let answer = move |answer| grants.send((number, answer)).err().map(|unsent| unsent.0.1);
        let waiter = pool.checkout_to(key, yields, answer);
        waiters.insert(number, waiter);
    }

    /// Takes a waiter out of the queue. Returns `false` when the number has no waiter any more.
    pub fn cancel(&self, number: u32) -> bool {
        let waiter = self.waiters.lock().remove(&number);
        waiter.is_some()
    }
}
