//! Tracked calls: started on the runtime, settled on the JavaScript thread.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

pub mod environment;
mod events;
pub mod shapes;

use super::error::{Result, internal, system};
#[cfg(unix)]
use super::event_loop::hand_over;
use super::time::duration;
use crate::process::guarantee::guarantee;
use crate::registry::{EndReason, EndRequest};
use crate::runner::{
    self, Input, InputSender, Lines, Outlet, Outlets, READS_AHEAD, RootSignals, Stream, Taken, Untakable,
};
use crate::supervisor::Supervisor;
use events::Listener;
use napi::Env;
use napi::bindgen_prelude::{Buffer, Either, Function, Object};
use napi_derive::napi;
use parking_lot::Mutex;
use shapes::{
    ActiveProcess, Guarantees, Output, OutputRefusal, ProcessEvent, ProcessOutcome, ProcessRequest, TakenOutput,
    TerminateReason,
};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

/// One call, from before its start until after its end.
#[napi]
pub struct ProcessCall {
    end: EndRequest,
    outlets: Outlets,
    input: Mutex<(Option<InputSender>, Option<Input>)>,
    signals: Arc<RootSignals>,
}

#[napi]
impl ProcessCall {
    /// Creates a call that has not started.
    #[napi(constructor)]
    pub fn new() -> Self {
        let (sender, receiver) = runner::input();
        let input = Mutex::new((Some(sender), Some(receiver)));
        Self { end: EndRequest::default(), outlets: Outlets::waiting(), input, signals: Arc::default() }
    }

    /// Starts the call. Resolves when its last process has exited. Can be called once.
    #[napi(ts_return_type = "Promise<ProcessOutcome>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        request: ProcessRequest,
        listener: Option<Function<ProcessEvent, ()>>,
    ) -> Result<Object<'env>> {
        let input = self.input.lock().1.take();
        let input = input.ok_or_else(|| napi::Error::new("ERR_INTERNAL", "a call runs once"))?;
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        let settle = |outcome: napi::Result<ProcessOutcome>| deferred.resolve(move |_| outcome);
        let supervisor = match Supervisor::get() {
            Ok(supervisor) => supervisor,
            Err(error) => {
                self.abandon();
                settle(Ok(ProcessOutcome::not_started(&error)));
                return Ok(promise);
            }
        };
        let (lines, events) = mpsc::channel(READS_AHEAD);
        let text = request.text;
        let listener = listener.as_ref().map(Listener::new).transpose().map_err(internal)?;
        let lines = listener.is_some().then(|| Lines::Together(lines, self.outlets.clone()));
        let mut call = request.into_call(supervisor.registry.next_number(), lines);
        // Only a call with a listener has a caller that may signal it.
        call.signals = listener.is_some().then(|| Arc::clone(&self.signals));
        let (end, forsaken) = (self.end.clone(), self.end.clone());
        let signals = Arc::clone(&self.signals);
        let environment_ended = environment::ended(env).map_err(internal)?;
        let outlets = self.outlets.clone();
        supervisor.runtime.spawn(async move {
            let mut running = tokio::spawn(async move {
                let (started, pid) = oneshot::channel();
                let running = runner::run(&supervisor.registry, call, input, end, |pid| {
                    let _ = started.send(pid);
                });
                match listener {
                    Some(listener) => tokio::join!(running, listener.notify(pid, events, text)).0,
                    None => running.await,
                }
            });
            let outcome = tokio::select! {
                outcome = &mut running => outcome,
                () = environment_ended => {
                    forsaken.request(EndReason::Shutdown, None);
                    running.await
                }
            };
            signals.close();
            outlets.forsake();
            let outcome = match outcome {
                Ok(result) => Ok(ProcessOutcome::of(result, text).await),
                Err(panicked) => Err(napi::Error::from_reason(panicked.to_string())),
            };
            settle(outcome);
        });
        Ok(promise)
    }

    /// Reads an output that has no use yet, and keeps its first bytes. A new call reads no output until its end.
    #[napi]
    pub fn keep(&self, output: Output) {
        self.outlet(output).keep();
    }

    /// Passes on the lines of an output from now on. Returns the kept lines: as strings if `text`, otherwise as buffers.
    #[napi]
    pub fn claim_lines(&self, output: Output, text: bool) -> Vec<Either<String, Buffer>> {
        self.outlet(output).claim_lines().into_iter().map(|line| events::line(line, text)).collect()
    }

    /// Lets the bytes of an output wait in the pipe, while the receiver of its lines is behind.
    #[napi]
    pub fn pause(&self, output: Output, is_behind: bool) {
        self.outlet(output).pause(is_behind);
    }

    /// Takes an output as a stream: in chunks, or if nothing was read yet by `open`, which makes a stream of the number of
    /// a descriptor and returns 0.
    #[napi]
    pub fn take(&self, env: &Env, output: Output, open: Option<Function<i32, i32>>) -> Result<TakenOutput> {
        Ok(match self.outlet(output).take(open.is_some()) {
            #[cfg(unix)]
            Ok(Taken::Descriptor(descriptor)) => {
                let open = |number| open.map_or(Ok(0), |open| open.call(number));
                hand_over(env, descriptor, open).map_err(internal)?;
                TakenOutput::default()
            }
            Ok(Taken::Chunks) => TakenOutput::default(),
            Err(Untakable::Lines) => TakenOutput::refused(OutputRefusal::Lines),
            Err(Untakable::Cut) => TakenOutput::refused(OutputRefusal::Cut),
            Err(Untakable::Pipe(error)) => TakenOutput::no_pipe(&error),
        })
    }

    /// Resolves with the next bytes of an output that was taken in chunks. Empty at the end. One request at a time.
    #[napi(ts_return_type = "Promise<Buffer>")]
    pub fn next_chunk<'env>(&self, env: &'env Env, output: Output) -> Result<Object<'env>> {
        let supervisor = Supervisor::get().map_err(system)?;
        let outlet = Arc::clone(self.outlet(output));
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        supervisor.runtime.spawn(async move {
            let chunk = outlet.next_chunk().await;
            deferred.resolve(move |_| Ok(Buffer::from(chunk)));
        });
        Ok(promise)
    }

    /// Closes an output that was taken in chunks.
    #[napi]
    pub fn close(&self, output: Output) {
        self.outlet(output).close();
    }

    /// Sends a signal to the command itself, as soon as the command has started. On Windows every signal kills. Returns
    /// false after the command's exit. The number 0 sends nothing.
    #[napi]
    pub fn signal(&self, number: i32) -> bool {
        self.signals.send(number)
    }

    /// Terminates the whole tree, as soon as it has started. `grace` is in ms, the call's own by default.
    #[napi]
    pub fn terminate(&self, reason: TerminateReason, grace: Option<f64>) {
        self.end.request(reason.into(), grace.map(duration));
    }

    /// Writes to its input. Resolves with `false` when the process did not take the bytes.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn write<'env>(&self, env: &'env Env, bytes: Buffer) -> Result<Object<'env>> {
        let (deferred, promise) = env.create_deferred().map_err(internal)?;
        let settle = |taken: bool| deferred.resolve(move |_| Ok(taken));
        // Without a runtime the command will not start.
        let Ok(supervisor) = Supervisor::get() else {
            settle(false);
            return Ok(promise);
        };
        let written = self.input.lock().0.as_ref().map(|input| input.write(bytes.to_vec()));
        supervisor.runtime.spawn(async move {
            settle(match written {
                Some(written) => written.await.is_ok(),
                None => false,
            });
        });
        Ok(promise)
    }

    /// Gives the call up before its start: bytes written to its input are refused, and its outputs end.
    #[napi]
    pub fn abandon(&self) {
        *self.input.lock() = (None, None);
        self.signals.close();
        self.outlets.forsake();
    }

    /// Closes its input.
    #[napi]
    pub fn end_input(&self) {
        self.input.lock().0 = None;
    }

    fn outlet(&self, output: Output) -> &Arc<Outlet> {
        match Stream::from(output) {
            Stream::Stdout => &self.outlets.stdout,
            Stream::Stderr => &self.outlets.stderr,
        }
    }
}

/// Returns the processes that run now, all or one owner's, in the order of their start.
#[napi]
pub fn active_processes(owner: Option<u32>) -> Vec<ActiveProcess> {
    let mut entries = Supervisor::existing().map(|supervisor| supervisor.registry.list()).unwrap_or_default();
    entries.retain(|entry| owner.is_none_or(|owner| entry.label.owner == owner));
    entries.into_iter().filter_map(ActiveProcess::of).collect()
}

/// Returns the guarantees for process trees on this system, with or without wardens.
#[napi]
pub fn guarantees(guarded: bool) -> Guarantees {
    guarantee(guarded).into()
}
