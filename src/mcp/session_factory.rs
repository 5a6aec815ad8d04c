//! Starts and ends sessions for the pool.

use super::error::{ServerEnd, StartError};
use super::memory_watch;
use super::server_config::{Key, ServerConfig, ServerConfigs, TransportConfig};
use super::server_requests::{Inbox, ServerRequests};
use super::session::Session;
use crate::admission::PendingStarts;
use crate::pool::{Factory, Retirement};
use crate::registry::Registry;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Makes sessions with the servers of a pool.
#[derive(Debug)]
pub struct SessionFactory {
    /// The registry that lists the server processes.
    pub registry: Arc<Registry>,
    /// The servers.
    pub configs: Arc<ServerConfigs>,
    /// The starts that wait for their admission.
    pub pending: PendingStarts,
    /// The requests of servers that wait for an answer.
    pub requests: Arc<ServerRequests>,
    /// The process trees of the starts.
    pub starting: Arc<StartingTrees>,
}

/// The process trees of servers that are not ready yet.
#[derive(Debug, Default)]
pub struct StartingTrees(Mutex<BTreeMap<u64, u64>>);

impl StartingTrees {
    /// Returns the tree of a start, by the number of the start.
    pub fn tree(&self, number: u64) -> Option<u64> {
        self.0.lock().get(&number).copied()
    }

    fn note(self: &Arc<Self>, number: u64, tree: u64) -> Noted {
        self.0.lock().insert(number, tree);
        Noted { starting: Arc::clone(self), number }
    }
}

/// Keeps the tree of a start noted.
struct Noted {
    starting: Arc<StartingTrees>,
    number: u64,
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.starting.0.lock().remove(&self.number);
    }
}

impl SessionFactory {
    /// Returns an inbox for a new session, if JavaScript answers any request of the server's.
    fn inbox(&self, config: &ServerConfig) -> Option<Inbox> {
        let is_answered = !config.answered.is_empty();
        is_answered.then(|| self.requests.inbox(&config.name, &config.answered, config.max_buffer))
    }
}

impl Factory for SessionFactory {
    type Key = Key;
    type Member = Session;
    type Error = StartError;

    async fn start(&self, key: &Key, number: u64, abandoned: CancellationToken) -> Result<Arc<Session>, StartError> {
        let Some(config) = self.configs.get(*key) else {
            return Err(StartError::handshake("it is no longer configured", ServerEnd::default()));
        };
        let inbox = self.inbox(&config);
        match &config.transport {
            TransportConfig::Stdio(program) => {
                let tree = self.registry.next_number();
                let _noted = self.starting.note(number, tree);
                let admission = self.pending.admit(&self.registry.gate, &config.name, tree, number, &abandoned).await;
                let admission = admission.ok_or(StartError::Abandoned)?;
                let server =
                    super::stdio::connect(&self.registry, &config, program, admission, inbox, &abandoned).await?;
                let session = Session::over_stdio(server);
                begin(&session, &config);
                if let Some(limit) = config.max_tree_memory {
                    tokio::spawn(memory_watch::run(Arc::clone(&self.registry), Arc::downgrade(&session), tree, limit));
                }
                Ok(session)
            }
            #[cfg(feature = "http")]
            TransportConfig::Http(endpoint) => {
                let session =
                    super::http::connect(&config, endpoint, inbox, &abandoned).await.map(Session::over_http)?;
                begin(&session, &config);
                Ok(session)
            }
            #[cfg(not(feature = "http"))]
            TransportConfig::Http(_) => {
                Err(StartError::handshake("procward was built without HTTP", ServerEnd::default()))
            }
        }
    }

    fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    fn is_pending(&self, number: u64) -> bool {
        self.pending.has(number)
    }

    fn withdraw(&self, number: u64) -> bool {
        self.pending.withdraw(number)
    }

    fn tree(&self, session: &Session) -> Option<u64> {
        session.stdio().map(|server| server.process.tree)
    }

    async fn terminate(&self, session: Arc<Session>, reason: Retirement) {
        // An unhealthy session gets no time to exit by itself.
        if reason == Retirement::Unhealthy { session.terminate_now().await } else { session.shut_down().await }
    }

    fn wait(&self, session: &Arc<Session>) -> impl Future<Output = StartError> + Send + 'static {
        let (exited, session) = (session.wait(), Arc::downgrade(session));
        async move {
            exited.await;
            StartError::Exited(session.upgrade().map_or_else(ServerEnd::default, |session| session.end_status()))
        }
    }

    fn unfit(&self, session: &Arc<Session>) -> impl Future<Output = Retirement> + Send + 'static {
        let large = session.large();
        async move {
            large.await;
            Retirement::Memory
        }
    }

    fn panicked(&self, _key: &Key) -> StartError {
        StartError::Panicked
    }
}

/// Asks a server for the notifications that JavaScript wants of each session.
fn begin(session: &Arc<Session>, config: &ServerConfig) {
    if config.events.wants_list_changes() {
        session.listen_for_list_changes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_noted_until_the_start_is_over() {
        let starting = Arc::<StartingTrees>::default();
        let (first, second) = (starting.note(1, 10), starting.note(2, 20));
        assert_eq!((starting.tree(1), starting.tree(2)), (Some(10), Some(20)));
        drop(first);
        assert_eq!((starting.tree(1), starting.tree(2)), (None, Some(20)));
        drop(second);
        assert_eq!(starting.tree(2), None);
    }
}
