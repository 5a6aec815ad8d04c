//! Sessions for the pool.

use super::definition::{Definition, Reach};
use super::error::{ServerEnd, StartError};
use super::session::Session;
use crate::pool::{Factory, Retirement};
use crate::registry::Registry;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::sync::Arc;

/// A server: another one as soon as anything is another that matters to a session with it.
pub type Key = u32;

/// The servers that there are.
#[derive(Debug, Default)]
pub struct Definitions(RwLock<HashMap<Key, Arc<Definition>>>);

impl Definitions {
    /// The server with this key.
    pub fn get(&self, key: Key) -> Option<Arc<Definition>> {
        self.0.read().get(&key).cloned()
    }

    /// Adds or replaces a server.
    pub fn set(&self, key: Key, definition: Arc<Definition>) {
        self.0.write().insert(key, definition);
    }

    /// Takes a server away.
    pub fn remove(&self, key: Key) -> Option<Arc<Definition>> {
        self.0.write().remove(&key)
    }
}

/// Starts sessions with them.
#[derive(Debug)]
pub struct SessionFactory {
    /// Where their processes are listed.
    pub registry: Arc<Registry>,
    /// Which there are.
    pub definitions: Arc<Definitions>,
}

impl Factory for SessionFactory {
    type Key = Key;
    type Member = Session;
    type Error = StartError;

    async fn start(&self, key: &Key, _number: u64) -> Result<Arc<Session>, StartError> {
        let Some(definition) = self.definitions.get(*key) else {
            return Err(StartError::Handshake("it is no longer configured".to_owned(), ServerEnd::default()));
        };
        match &definition.reach {
            Reach::Process(program) => Session::start(&self.registry, &definition, program).await,
            #[cfg(feature = "http")]
            Reach::Http(endpoint) => super::http::connect(&definition, endpoint).await,
            #[cfg(not(feature = "http"))]
            Reach::Http(_) => {
                let why = "procward was built without HTTP".to_owned();
                Err(StartError::Handshake(why, ServerEnd::default()))
            }
        }
    }

    async fn end(&self, session: Arc<Session>, reason: Retirement) {
        // An unhealthy one has been given its time already.
        if reason == Retirement::Unhealthy { session.kill().await } else { session.close().await }
    }

    fn exited(&self, session: &Arc<Session>) -> impl Future<Output = StartError> + Send + 'static {
        let (over, session) = (session.over(), Arc::downgrade(session));
        async move {
            over.await;
            StartError::Exited(session.upgrade().map_or_else(ServerEnd::default, |session| session.end()))
        }
    }

    fn panicked(&self, _key: &Key) -> StartError {
        StartError::Panicked
    }
}
