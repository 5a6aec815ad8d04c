//! Children of `procward/child_process`: started on the JavaScript thread, which waits for the pid.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use super::error::Result;
#[cfg(target_os = "linux")]
use super::error::internal;
use super::process::shapes::TerminateReason;
#[cfg(target_os = "linux")]
use super::process::shapes::variables;
use super::time::duration;
use crate::registry::Label;
use napi::Env;
use napi::bindgen_prelude::{FnArgs, Function};
use napi_derive::napi;

/// The owner of all children of `child_process` in the list of active processes. Sessions have 0, and runners count from 1.
#[napi]
pub const CHILD_PROCESS_OWNER: u32 = u32::MAX;

/// Returns the label of a child for the lists. Nothing here is a call that the scanner could find too old.
pub(super) fn label(server: Option<String>) -> Label {
    Label { server, tool: None, owner: CHILD_PROCESS_OWNER, pooled: true }
}

/// A child to start, as Node.js describes it to libuv.
#[napi(object, object_to_js = false)]
pub struct ChildRequest {
    /// The program, a path or a name to look up on the environment's PATH.
    pub file: String,
    /// Its arguments, with its own name as the first.
    pub args: Vec<String>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// Its environment: `NAME=value` entries, each ended by a NUL.
    pub environment: String,
    /// Starts it in a session of its own.
    pub detached: bool,
    /// Its user.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// Its descriptors: -1 for none (`/dev/null` for the first three), -2 for a new socket pair, or one of this process.
    pub stdio: Vec<i32>,
    /// The name for the lists: the package that starts it.
    pub server: Option<String>,
}

/// The outcome of a start: one field is set.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct ChildStart {
    /// The system's error number of a command that could not be started.
    pub errno: Option<i32>,
    /// The reason that there is no guard here. Nothing was started.
    pub refusal: Option<String>,
    /// The child's pid.
    pub pid: Option<u32>,
    /// The negative error number of a stream that could not be opened. The child was killed.
    pub stream_error: Option<i32>,
}

/// A child below a warden. A panic in a method is an exception, so that Node.js can start the child instead.
#[napi]
#[derive(Default)]
pub struct GuardedChild {
    #[cfg(target_os = "linux")]
    child: parking_lot::Mutex<Option<crate::runner::Child>>,
}

#[napi]
impl GuardedChild {
    /// Creates a child that has not started.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts the child and waits for its pid, at most 200 ms. `open` gets the number of a socket pair among the child's
    /// descriptors and this process's end of the pair, to make a stream of it, and returns 0 or a negative error number.
    /// `on_exit` gets the exit code and the signal, or zeros; it does not hold the event loop.
    #[napi(catch_unwind)]
    pub fn start(
        &self,
        env: &Env,
        request: ChildRequest,
        open: Function<FnArgs<(u32, i32)>, i32>,
        on_exit: Function<FnArgs<(i32, i32)>, ()>,
    ) -> Result<ChildStart> {
        #[cfg(target_os = "linux")]
        return linux::start(self, env, request, &open, &on_exit).map_err(internal);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (env, request, open, on_exit);
            Ok(ChildStart {
                refusal: Some("children are guarded from their start on Linux alone".into()),
                ..ChildStart::default()
            })
        }
    }

    /// Sends a signal to the child itself. Returns 0, or the system's error number: `EPERM` for a child that has changed
    /// its user. A child takes any signal
    /// until its exit is reported.
    #[napi(catch_unwind)]
    pub fn kill(&self, signal: i32) -> i32 {
        #[cfg(target_os = "linux")]
        return self.child.lock().as_ref().map_or(0, |child| linux::kill(child, signal));
        #[cfg(not(target_os = "linux"))]
        {
            let _ = signal;
            0
        }
    }

    /// Lets the child and its descendants outlive this process.
    #[napi(catch_unwind)]
    pub fn let_go(&self) {
        #[cfg(target_os = "linux")]
        if let Some(child) = &*self.child.lock() {
            child.let_go();
        }
    }

    /// Terminates the whole tree. `grace` is the time between SIGTERM and SIGKILL in ms, 2000 by default.
    #[napi(catch_unwind)]
    pub fn terminate(&self, reason: TerminateReason, grace: Option<f64>) {
        let grace = grace.map(duration);
        #[cfg(target_os = "linux")]
        if let Some(child) = &*self.child.lock() {
            child.terminate(reason.into(), grace);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (reason, grace);
    }
}

/// The socket pairs of a child whose start waits.
#[napi]
#[derive(Default)]
pub struct WaitingStreams {
    #[cfg(target_os = "linux")]
    theirs: parking_lot::Mutex<Option<(Vec<std::os::fd::OwnedFd>, crate::metrics::WaitingStart)>>,
}

/// The descriptors of socket pairs, or the system's error number.
#[napi(object, object_from_js = false)]
#[derive(Default)]
pub struct WaitingDescriptors {
    /// The system's error number.
    pub errno: Option<i32>,
    /// The child's ends, which are open until `close()`.
    pub theirs: Vec<i32>,
}

#[napi]
impl WaitingStreams {
    /// Creates streams that are not open.
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens socket pairs, makes streams of this process's ends as [`GuardedChild::start`], and counts a start that
    /// waits.
    #[napi]
    pub fn open(&self, env: &Env, count: u32, open: Function<FnArgs<(u32, i32)>, i32>) -> WaitingDescriptors {
        #[cfg(target_os = "linux")]
        return linux::open(self, env, count, &open);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (env, count, open);
            WaitingDescriptors { errno: Some(0), ..WaitingDescriptors::default() }
        }
    }

    /// Closes the child's ends.
    #[napi]
    pub fn close(&self) {
        #[cfg(target_os = "linux")]
        self.theirs.lock().take();
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use super::super::event_loop::hand_over;
    use super::{ChildRequest, ChildStart, GuardedChild, WaitingDescriptors, WaitingStreams, label, variables};
    use crate::metrics::WaitingStart;
    use crate::process::descriptors::{self, Source};
    use crate::process::tree::{Choices, Outputs, Placement, ProcessGroup, Refusal, Spec};
    use crate::registry::Label;
    use crate::runner::Child;
    use crate::supervisor::Supervisor;
    use napi::Env;
    use napi::bindgen_prelude::{FnArgs, Function};
    use napi::threadsafe_function::ThreadsafeFunctionCallMode;
    use std::ffi::OsString;
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};

    const NOTHING: i32 = -1;
    const SOCKET_PAIR: i32 = -2;

    type Open<'env> = Function<'env, FnArgs<(u32, i32)>, i32>;

    pub fn start(
        child: &GuardedChild,
        env: &Env,
        request: ChildRequest,
        open: &Open<'_>,
        on_exit: &Function<FnArgs<(i32, i32)>, ()>,
    ) -> napi::Result<ChildStart> {
        let supervisor = Supervisor::get()?;
        let streams = match descriptors::make(request.stdio.iter().copied().map(source)) {
            Ok(streams) => streams,
            Err(error) => return Ok(ChildStart { errno: error.raw_os_error(), ..ChildStart::default() }),
        };
        let on_exit = on_exit.build_threadsafe_function().weak::<true>().build()?;
        let _within = supervisor.runtime.enter();
        let (spec, label, placement) = order(request, supervisor.registry.next_number());
        let descriptors: Vec<_> = streams.iter().map(|one| one.theirs.as_ref().map(AsFd::as_fd)).collect();
        let started = Child::start(&supervisor.registry, &spec, label, &placement, &descriptors, move |exit| {
            let (code, signal) = (exit.code.unwrap_or_default(), exit.signal.unwrap_or_default());
            on_exit.call(FnArgs::from((code, signal)), ThreadsafeFunctionCallMode::NonBlocking);
        });
        Ok(match started {
            Ok(started) => {
                // The caller may have no turn any more, so the child is killed here.
                if let Err(errno) = open_all(env, streams.into_iter().map(|stream| stream.ours), open) {
                    let _ = started.signal(libc::SIGKILL);
                    return Ok(ChildStart { stream_error: Some(errno), ..ChildStart::default() });
                }
                let pid = Some(started.pid);
                *child.child.lock() = Some(started);
                ChildStart { pid, ..ChildStart::default() }
            }
            Err(Refusal::Command(error)) if error.raw_os_error().is_some() => {
                ChildStart { errno: error.raw_os_error(), ..ChildStart::default() }
            }
            Err(Refusal::Command(error) | Refusal::Warden(error)) => {
                ChildStart { refusal: Some(error.to_string()), ..ChildStart::default() }
            }
        })
    }

    pub fn open(streams: &WaitingStreams, env: &Env, count: u32, open: &Open<'_>) -> WaitingDescriptors {
        let failed = |errno| WaitingDescriptors { errno, ..WaitingDescriptors::default() };
        match descriptors::make((0..count).map(|_| Source::SocketPair)) {
            Ok(made) => {
                let (ours, theirs): (Vec<_>, Vec<_>) = made.into_iter().map(|one| (one.ours, one.theirs)).unzip();
                if let Err(errno) = open_all(env, ours, open) {
                    return failed(Some(-errno));
                }
                let theirs: Vec<_> = theirs.into_iter().flatten().collect();
                let numbers = theirs.iter().map(AsRawFd::as_raw_fd).collect();
                *streams.theirs.lock() = Some((theirs, WaitingStart::count()));
                WaitingDescriptors { errno: None, theirs: numbers }
            }
            Err(error) => failed(error.raw_os_error()),
        }
    }

    /// Makes streams of this process's ends of the socket pairs. Closes the ends that have no stream after a failure.
    ///
    /// # Errors
    /// The negative error number of the first stream that could not be opened.
    fn open_all(env: &Env, ends: impl IntoIterator<Item = Option<OwnedFd>>, open: &Open<'_>) -> Result<(), i32> {
        for (at, end) in (0..).zip(ends) {
            let Some(end) = end else { continue };
            // An error of the stream's own code has no number.
            let errno = hand_over(env, end, |number| open.call(FnArgs::from((at, number)))).unwrap_or(-libc::ECANCELED);
            if errno != 0 {
                return Err(errno);
            }
        }
        Ok(())
    }

    pub fn kill(child: &Child, signal: i32) -> i32 {
        match child.signal(signal).map_err(|error| error.raw_os_error()) {
            // JavaScript does not know yet that the child has exited. To Node.js such a child is a zombie.
            Ok(()) | Err(Some(libc::ESRCH)) => 0,
            Err(errno) => errno.unwrap_or(libc::EPERM),
        }
    }

    fn order(request: ChildRequest, number: u64) -> (Spec, Label, Placement) {
        let mut arguments = request.args.into_iter().map(OsString::from);
        let name = arguments.next().unwrap_or_else(|| OsString::from(&request.file));
        let spec = Spec {
            command: request.file.into(),
            arguments: arguments.collect(),
            directory: request.cwd.map(Into::into),
            choices: Choices { name: Some(name), ..Choices::default() },
            environment: variables(&request.environment),
            number,
            detached: request.detached,
            guarded: true,
            killed_first: false,
            verbatim: false,
            outputs: Outputs::default(),
        };
        let label = label(request.server);
        let group = if request.detached { ProcessGroup::Session } else { ProcessGroup::Shared };
        (spec, label, Placement { group, user: request.uid, group_id: request.gid })
    }

    fn source(number: i32) -> Source {
        match number {
            SOCKET_PAIR => Source::SocketPair,
            NOTHING => Source::Nothing,
            number => Source::Copy(number),
        }
    }
}
