//! Watches descriptors on Node.js's own event loop, by libuv's poll handles.
//!
//! Node.js exports libuv to its addons, but other hosts of addons may not. The functions are looked up when they are first
//! needed; without them all outputs are read on the runtime.

mod callback;
mod hand_over;
mod uv;

pub use callback::Callback;
pub use hand_over::hand_over;

use napi::{Env, sys};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::os::fd::{AsFd, AsRawFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::rc::Rc;
use uv::Uv;

/// The event loop of one environment.
#[derive(Clone)]
pub struct EventLoop {
    uv: &'static Uv,
    raw: *mut c_void,
    life: Rc<Life>,
}

/// A watch, which ends when it is dropped.
pub struct Watch(u64);

/// Returns whether to go on watching.
type OnReadable = Box<dyn Fn() -> bool>;

struct Handle {
    number: u64,
    /// The callback, which owns the watched descriptor; `None` after closing.
    on_readable: RefCell<Option<OnReadable>>,
    event_loop: EventLoop,
    /// libuv's handle, in as many bytes as libuv asks for.
    raw: Box<[u128]>,
}

#[derive(Default)]
struct Life {
    /// The open handles by number.
    watching: RefCell<HashMap<u64, *mut Handle>>,
    last: Cell<u64>,
    /// The count of handles that libuv still uses.
    open: Cell<usize>,
    /// Set while the ending environment waits for the handles.
    ending: Cell<Option<sys::napi_async_cleanup_hook_handle>>,
}

thread_local! {
    /// The event loop of one environment, which has a thread of its own.
    static EVENT_LOOP: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

impl EventLoop {
    /// Returns the event loop of this environment, or `None` where libuv is not exported.
    pub fn of(env: &Env) -> Option<Self> {
        EVENT_LOOP.with_borrow_mut(|event_loop| {
            if event_loop.is_none() {
                *event_loop = Self::new(env);
            }
            event_loop.clone()
        })
    }

    fn new(env: &Env) -> Option<Self> {
        let uv = Uv::get()?;
        let raw = uv::event_loop(env)?;
        let life = Rc::<Life>::default();
        let data = Rc::into_raw(Rc::clone(&life)).cast_mut().cast();
        // SAFETY: `data` is a reference count of its own, which the hook takes over; the hook runs once, on this thread.
        let status = unsafe { sys::napi_add_async_cleanup_hook(env.raw(), Some(end), data, ptr::null_mut()) };
        (status == sys::Status::napi_ok).then_some(Self { uv, raw, life })
    }

    /// Calls `on_readable` on this thread whenever there is something to read. The watch ends when `on_readable` returns
    /// `false` or when the watch is dropped, and drops `watched` then. A watch does not keep the event loop alive.
    pub fn watch<T: AsFd + 'static>(&self, watched: T, on_readable: impl Fn(&T) -> bool + 'static) -> Option<Watch> {
        let mut raw = vec![0_u128; self.uv.size_of_poll().div_ceil(size_of::<u128>())].into_boxed_slice();
        // SAFETY: the event loop is this thread's and lives as long as the environment; the memory is as large as libuv
        // wants, and is neither moved nor freed before libuv has let go of it, in `closed`.
        if unsafe { (self.uv.poll_init)(self.raw, raw.as_mut_ptr().cast(), watched.as_fd().as_raw_fd()) } != 0 {
            return None;
        }
        let Life { watching, last, open, .. } = &*self.life;
        last.set(last.get() + 1);
        open.set(open.get() + 1);
        let on_readable = RefCell::new(Some(Box::new(move || on_readable(&watched)) as OnReadable));
        let handle = Handle { number: last.get(), on_readable, event_loop: self.clone(), raw };
        let handle = Box::into_raw(Box::new(handle));
        watching.borrow_mut().insert(last.get(), handle);
        let watch = Watch(last.get());
        // SAFETY: libuv's handle was initialised above; `handle` is valid until `closed`.
        let status = unsafe {
            let raw = (*handle).raw.as_mut_ptr().cast();
            (self.uv.handle_set_data)(raw, handle.cast());
            (self.uv.unref)(raw);
            (self.uv.poll_start)(raw, uv::READABLE, readable)
        };
        (status == 0).then_some(watch)
    }

    /// Stops watching, and drops the watched descriptor.
    fn close(&self, number: u64) {
        let Some(handle) = self.life.watching.borrow_mut().remove(&number) else { return };
        // SAFETY: what was listed has not been closed, and is closed only once, as it is listed no more.
        let on_readable = unsafe {
            (self.uv.close)((*handle).raw.as_mut_ptr().cast(), closed);
            &(*handle).on_readable
        };
        // libuv no longer uses the descriptor, so it may be closed. Within its own callback, the callback is dropped later.
        if let Ok(mut on_readable) = on_readable.try_borrow_mut() {
            drop(on_readable.take());
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // After the end of the thread, no handle is open.
        let event_loop = EVENT_LOOP.try_with(|event_loop| event_loop.borrow().clone());
        if let Ok(Some(event_loop)) = event_loop {
            event_loop.close(self.0);
        }
    }
}

unsafe extern "C" fn readable(raw: *mut c_void, _status: c_int, _events: c_int) {
    // SAFETY: libuv calls this for a handle that is open, whose data was set in `watch`.
    let handle = unsafe { &*uv::data_of(raw).cast::<Handle>() };
    let goes_on = match &*handle.on_readable.borrow() {
        // Reading reports an error, and a panic must not unwind into libuv.
        Some(on_readable) => catch_unwind(AssertUnwindSafe(on_readable)).unwrap_or(false),
        None => return,
    };
    if !goes_on {
        handle.event_loop.clone().close(handle.number);
    }
}

unsafe extern "C" fn closed(raw: *mut c_void) {
    // SAFETY: libuv calls this once, when it uses the handle no more; it was made by `Box::into_raw`.
    let handle = unsafe { Box::from_raw(uv::data_of(raw).cast::<Handle>()) };
    let life = Rc::clone(&handle.event_loop.life);
    drop(handle);
    life.open.set(life.open.get() - 1);
    life.finish();
}

unsafe extern "C" fn end(hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: it is the reference count that was given away in `new`.
    let life = unsafe { Rc::from_raw(data.cast::<Life>()) };
    life.ending.set(Some(hook));
    if let Some(event_loop) = EVENT_LOOP.take() {
        let numbers: Vec<u64> = life.watching.borrow().keys().copied().collect();
        for number in numbers {
            event_loop.close(number);
        }
    }
    life.finish();
}

impl Life {
    /// Lets the environment end after libuv has closed all handles.
    fn finish(&self) {
        if self.open.get() == 0
            && let Some(hook) = self.ending.take()
        {
            // SAFETY: the hook was given by Node.js and is removed once, on its thread.
            unsafe { sys::napi_remove_async_cleanup_hook(hook) };
        }
    }
}
