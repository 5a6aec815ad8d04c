//! Children of `child_process` that Node.js itself starts: listed before their start, and held afterwards.

use super::child::label;
use super::error::{Result, system};
use super::process::shapes::TerminateReason;
use super::time::duration;
use crate::process::tag::Tag;
use crate::process::tree::ExitStatus;
use crate::runner::{Adoption, RootExit};
use crate::supervisor::Supervisor;
use napi_derive::napi;
use parking_lot::Mutex;

/// A child that Node.js starts, and procward takes over.
#[napi]
pub struct AdoptedChild {
    adoption: Mutex<Adoption>,
}

#[napi]
impl AdoptedChild {
    /// Notes a child that is about to start, with the name for the lists.
    #[napi(constructor)]
    pub fn new(server: Option<String>) -> Result<Self> {
        let supervisor = Supervisor::get().map_err(system)?;
        Ok(Self { adoption: Mutex::new(Adoption::new(&supervisor.registry, label(server))) })
    }

    /// Returns the tag for the child's environment, as `NAME=value`.
    #[napi]
    pub fn variable(&self) -> String {
        format!("{}={}", Tag::VARIABLE, self.adoption.lock().tag())
    }

    /// Takes over the child, which has just started. Returns whether that was possible.
    #[napi]
    pub fn started(&self, pid: u32) -> bool {
        let Ok(supervisor) = Supervisor::get() else { return false };
        let _within = supervisor.runtime.enter();
        self.adoption.lock().started(pid).is_ok()
    }

    /// Notes the exit of the child, with its code or its signal. `ends_rest` terminates the rest of its tree.
    #[napi]
    pub fn exited(&self, code: Option<i32>, signal: Option<i32>, ends_rest: bool) {
        self.adoption.lock().exited(RootExit { status: ExitStatus { code, signal }, ends_rest });
    }

    /// Lets the child and its descendants outlive this process.
    #[napi]
    pub fn let_go(&self) {
        self.adoption.lock().let_go();
    }

    /// Terminates the whole tree. `grace` is the time between SIGTERM and SIGKILL in ms, 2000 by default.
    #[napi]
    pub fn terminate(&self, reason: TerminateReason, grace: Option<f64>) {
        self.adoption.lock().terminate(reason.into(), grace.map(duration));
    }
}
