//! The interface to the things that a pool keeps.

use super::reason::Retirement;
use std::fmt::Debug;
use std::future::Future;
use std::hash::Hash;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Starts and ends a pool's members.
pub trait Factory: Send + Sync + 'static {
    /// Tells members apart that cannot stand in for each other.
    type Key: Clone + Eq + Hash + Debug + Send + Sync + 'static;
    /// A member. Its leases share it.
    type Member: Send + Sync + 'static;
    /// The reason why a member could not be started, or exited by itself. All waiters of a start get the same error.
    type Error: Clone + Send + Sync + 'static;

    /// Starts a member. After a failure no process of the member runs. `abandoned` is cancelled when the start is no longer
    /// wanted, so that it may fail early. A member that starts all the same is terminated.
    fn start(
        &self,
        key: &Self::Key,
        number: u64,
        abandoned: CancellationToken,
    ) -> impl Future<Output = Result<Arc<Self::Member>, Self::Error>> + Send;

    /// Returns whether some start waits for its admission.
    fn has_pending(&self) -> bool {
        false
    }

    /// Returns whether a start waits for its admission. Called while the pool is locked, so it must not use the pool.
    fn is_pending(&self, _number: u64) -> bool {
        false
    }

    /// Withdraws a start that waits for its admission. Returns `false` if the start does not wait. Called while the pool is
    /// locked, so it must not use the pool.
    fn withdraw(&self, _number: u64) -> bool {
        false
    }

    /// Returns the number of the member's process tree, if the member is one.
    fn tree(&self, _member: &Self::Member) -> Option<u64> {
        None
    }

    /// Ends a member in an orderly way. Returns when every process of the member has exited.
    fn terminate(&self, member: Arc<Self::Member>, reason: Retirement) -> impl Future<Output = ()> + Send;

    /// Waits until a member has exited by itself, with every process of the member. Returns the reason. The future is
    /// dropped when the pool terminates the member.
    fn wait(&self, member: &Arc<Self::Member>) -> impl Future<Output = Self::Error> + Send + 'static;

    /// Waits until a member is unfit for further use, though alive. Returns the reason. Such a member is not leased again, and
    /// ends when its leases are back.
    fn unfit(&self, _member: &Arc<Self::Member>) -> impl Future<Output = Retirement> + Send + 'static {
        std::future::pending()
    }

    /// Returns the error of a start that panicked.
    fn panicked(&self, key: &Self::Key) -> Self::Error;
}
