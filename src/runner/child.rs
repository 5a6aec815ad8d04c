//! One child of `procward/child_process`: started while the caller waits, and guarded until its tree has exited.

use super::ending::{KILL_GRACE, OnStuck, terminate_tree};
use crate::process::tree::{ExitStatus, Orders, Placement, Refusal, Root, Spec, start_at_once};
use crate::registry::{EndReason, EndRequest, Entry, Label, Registration, Registry};
use parking_lot::Mutex;
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// The time between two looks whether the warden of a root that was asked to end is stopped.
const WAKE_AGAIN: Duration = Duration::from_secs(1);
/// The signals that ask for the end of a process. After one of them, the rest of the tree ends with its root.
const ENDING: [i32; 5] = [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGKILL, libc::SIGTERM];

/// A running child.
#[derive(Debug)]
pub struct Child {
    /// The root's pid.
    pub pid: u32,
    end: EndRequest,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    /// `None` when the root has exited, so that its pid may mean another process. JavaScript may keep an exited child for
    /// long, and then keeps no descriptor.
    orders: Mutex<Option<Orders>>,
    /// A signal has asked the root to end.
    is_asked_to_end: AtomicBool,
    /// A signal was sent, which a stopped warden does not see.
    signaled: Notify,
}

impl Child {
    /// Starts a child, and calls `on_exit` when its root has exited. Needs to be called within the runtime.
    ///
    /// # Errors
    /// The command or the warden could not be started. No process is left.
    pub fn start(
        registry: &Arc<Registry>,
        spec: &Spec,
        label: Label,
        placement: &Placement,
        descriptors: &[Option<BorrowedFd>],
        on_exit: impl FnOnce(ExitStatus) + Send + 'static,
    ) -> Result<Self, Refusal> {
        let end = EndRequest::default();
        let registration = registry.register(Entry::new(spec.number, label, None, end.clone()));
        let (root, orders) = start_at_once(spec, placement, descriptors)?;
        registration.set_started(root.pid(), root.topmost_pid());
        let pid = root.pid();
        let state = Arc::new(State {
            orders: Mutex::new(Some(orders)),
            is_asked_to_end: AtomicBool::new(false),
            signaled: Notify::new(),
        });
        let has_rest = !spec.detached;
        let watched = watch(root, registration, end.clone(), Arc::clone(&state), has_rest, on_exit);
        tokio::spawn(watched);
        Ok(Self { pid, end, state })
    }

    /// Sends a signal to the root. One that asks for the end is for the rest of the tree too, if the root has exited.
    ///
    /// # Errors
    /// The system's: `ESRCH` if the root has exited, `EPERM` if the root has changed its user, `EAGAIN` if the warden
    /// takes no orders for now.
    pub fn signal(&self, number: i32) -> io::Result<()> {
        let gone = || Err(io::Error::from_raw_os_error(libc::ESRCH));
        let sent = self.state.orders.lock().as_ref().map_or_else(gone, |orders| orders.signal(self.pid, number));
        let has_failed = sent.as_ref().is_err_and(|error| error.raw_os_error() != Some(libc::ESRCH));
        if number != 0 && !has_failed {
            if ENDING.contains(&number) {
                self.state.is_asked_to_end.store(true, Ordering::Release);
            }
            self.state.signaled.notify_one();
        }
        sent
    }

    /// Lets the tree outlive the server.
    pub fn let_go(&self) {
        // After the root's exit the warden has let the rest go.
        if let Some(orders) = &*self.state.orders.lock() {
            let _ = orders.let_go();
        }
    }

    /// Terminates the whole tree.
    pub fn terminate(&self, reason: EndReason, grace: Option<Duration>) {
        self.end.request(reason, grace);
    }
}

/// Reports the root's exit, and keeps the tree registered until its last process has exited.
async fn watch(
    mut root: Root,
    registration: Registration,
    end: EndRequest,
    state: Arc<State>,
    has_rest: bool,
    on_exit: impl FnOnce(ExitStatus) + Send,
) {
    let mut reason = loop {
        tokio::select! {
            _ = root.wait_root() => break None,
            reason = end.requested() => break Some(reason),
            () = state.signaled.notified() => root.wake(),
            // The warden may have been stopped after the signal, and would not report the exit.
            () = sleep(WAKE_AGAIN), if state.is_asked_to_end.load(Ordering::Acquire) => root.wake(),
        }
    };
    let terminate = async |root: &mut Root| {
        terminate_tree(root, &end, KILL_GRACE, OnStuck::Wait, || registration.set_stuck()).await
    };
    if reason.is_some() {
        terminate(&mut root).await;
    }
    let exit_status = root.wait_root().await;
    drop(state.orders.lock().take());
    on_exit(exit_status);
    if reason.is_none() {
        let has_ended = loop {
            if has_rest && state.is_asked_to_end.load(Ordering::Acquire) {
                break false;
            }
            tokio::select! {
                // False if the warden was killed, whose tree may still run.
                has_ended = root.wait(Duration::MAX) => break has_ended,
                request = end.requested() => {
                    reason = Some(request);
                    break false;
                }
                () = state.signaled.notified() => {}
            }
        };
        if !has_ended {
            terminate(&mut root).await;
        }
    }
    registration.set_exited(reason, exit_status, registration.age(), root.cpu_time());
}
