//! Reads the answers of servers on the JavaScript thread, so that a call wakes no other thread.

use super::settle::{Listener, Settler, Told};
use crate::bindings::event_loop::{Callback, EventLoop, Watch};
use crate::runner::{Stdout, corked};
use napi::{Env, Result};
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

/// The bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// The outputs that are read on this thread: none without access to the event loop.
pub struct Reading {
    event_loop: Option<EventLoop>,
    listener: Rc<Callback<Told>>,
    settler: Arc<Settler>,
    servers: Servers,
    last: u32,
    chunk: Rc<RefCell<Vec<u8>>>,
}

/// The watches by the number of their output.
type Servers = Rc<RefCell<HashMap<u32, Watch>>>;

impl Reading {
    /// Reads no output yet.
    ///
    /// # Errors
    /// Returns N-API's error.
    pub fn new(env: &Env, lend_loop: bool, listener: &Listener, settler: &Arc<Settler>) -> Result<Self> {
        let listener = Callback::new(env, "procward:mcp", listener)?;
        Ok(Self {
            event_loop: lend_loop.then(|| EventLoop::of(env)).flatten(),
            listener: Rc::new(listener),
            settler: Arc::clone(settler),
            servers: Servers::default(),
            last: 0,
            chunk: Rc::default(),
        })
    }

    /// Reads this output from now on, unless a thread reads the output already or must.
    pub fn join(&mut self, stdout: &Arc<Stdout>) {
        let Some(event_loop) = &self.event_loop else { return };
        if !stdout.can_be_read_on_event_loop() {
            return;
        }
        self.last = self.last.wrapping_add(1);
        let (number, settler) = (self.last, Arc::clone(&self.settler));
        let release = Arc::clone(&settler);
        let Some(reader) = stdout.read_on_event_loop(move || release.leave(number)) else { return };
        let (servers, chunk, listener) =
            (Rc::downgrade(&self.servers), Rc::clone(&self.chunk), Rc::clone(&self.listener));
        let watch = event_loop.watch(reader, move |reader| {
            let (goes_on, told) = settler.gather(|| {
                let mut chunk = chunk.borrow_mut();
                chunk.resize(CHUNK, 0);
                reader.read_ready(&mut chunk)
            });
            if !goes_on && let Some(servers) = servers.upgrade() {
                servers.borrow_mut().remove(&number);
            }
            match told.len() {
                0 => {}
                1 => listener.call_each(told),
                // The callers of several answers tend to call again at once. One write for all wakes the server once.
                _ => corked(|| listener.call_each(told)),
            }
            goes_on
        });
        if let Some(watch) = watch {
            self.servers.borrow_mut().insert(number, watch);
        }
    }

    /// Stops reading an output.
    pub fn leave(&mut self, number: u32) {
        self.servers.borrow_mut().remove(&number);
    }
}
