//! Starts and ends sessions for the pool.

use super::error::{ServerEnd, StartError};
use super::server_config::{Key, ServerConfigs, TransportConfig};
use super::session::Session;
use crate::pool::{Factory, Retirement};
use crate::registry::Registry;
use std::sync::Arc;

/// Makes sessions with the servers of a pool.
#[derive(Debug)]
pub struct SessionFactory {
    /// The registry that lists the server processes.
    pub registry: Arc<Registry>,
    /// The servers.
    pub configs: Arc<ServerConfigs>,
}

impl Factory for SessionFactory {
    type Key = Key;
    type Member = Session;
    type Error = StartError;

    async fn start(&self, key: &Key, _number: u64) -> Result<Arc<Session>, StartError> {
        let Some(config) = self.configs.get(*key) else {
            return Err(StartError::handshake("it is no longer configured", ServerEnd::default()));
        };
        match &config.transport {
            TransportConfig::Stdio(program) => {
                super::stdio::connect(&self.registry, &config, program).await.map(Session::over_stdio)
            }
            #[cfg(feature = "http")]
            TransportConfig::Http(endpoint) => super::http::connect(&config, endpoint).await.map(Session::over_http),
            #[cfg(not(feature = "http"))]
            TransportConfig::Http(_) => {
                Err(StartError::handshake("procward was built without HTTP", ServerEnd::default()))
            }
        }
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

    fn panicked(&self, _key: &Key) -> StartError {
        StartError::Panicked
    }
}
