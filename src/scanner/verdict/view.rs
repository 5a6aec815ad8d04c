//! The input of a decision.

use crate::process::table::Snapshot;
use crate::process::tag::Instance;
use crate::scanner::trees::TrackedTree;

/// The processes and trees to judge.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// All processes.
    pub snapshot: &'a Snapshot,
    /// This server.
    pub me: &'a Instance,
    /// The trees of this server that run now, listed *after* the processes.
    pub trees: &'a [TrackedTree],
}
