//! The configuration of each server, as JavaScript has checked it.

use super::events::Events;
use crate::pool::Rules;
use parking_lot::RwLock;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Identifies a server configuration. Changes when any setting changes that affects its sessions.
pub type Key = u32;

/// A server and how it is used.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The name in the configuration.
    pub name: String,
    /// The transport, and what it needs.
    pub transport: TransportConfig,
    /// The versions of the protocol to propose.
    pub protocol: Protocol,
    /// The capabilities to announce: a JSON object as text.
    pub capabilities: String,
    /// The methods of the server's requests that JavaScript answers.
    pub answered: Arc<[String]>,
    /// The number of sessions, and their lifetimes.
    pub rules: Rules,
    /// The time to start and to shake hands.
    pub start_timeout: Duration,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace: Duration,
    /// The size of the longest message, in bytes.
    pub max_buffer: usize,
    /// The memory in bytes that the server's process tree may have, if the server is a process.
    pub max_tree_memory: Option<u64>,
    /// The notifications for JavaScript.
    pub events: Arc<Events>,
    /// The level of the log messages that the server is asked for; none leaves it to the server.
    pub log_level: Option<String>,
}

/// The transport of a server.
#[derive(Debug, Clone)]
pub enum TransportConfig {
    /// A process, over its standard input and output.
    Stdio(Program),
    /// Streamable HTTP.
    Http(Endpoint),
}

/// The versions of the protocol that a client proposes, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    /// `initialize` with 2025-11-25. After a refusal the best version that the server names, or `server/discover`.
    #[default]
    Auto,
    /// `initialize` alone.
    V2025,
    /// `server/discover` alone.
    V2026,
}

/// A server's process.
#[derive(Clone)]
pub struct Program {
    /// A path, or a name to look up.
    pub command: OsString,
    /// The arguments.
    pub arguments: Vec<OsString>,
    /// The working folder.
    pub directory: Option<PathBuf>,
    /// The whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// True if the process gets a warden, where there are wardens.
    pub guarded: bool,
    /// True if processes that the server leaves behind may live on.
    pub detached: bool,
}

/// A server's address.
#[derive(Clone)]
pub struct Endpoint {
    /// The URL that messages are posted to.
    pub url: String,
    /// The headers of each request.
    pub headers: Vec<(String, String)>,
}

/// The servers of a pool.
#[derive(Debug, Default)]
pub struct ServerConfigs(RwLock<HashMap<Key, Arc<ServerConfig>>>);

impl ServerConfigs {
    /// Returns the server with this key.
    pub fn get(&self, key: Key) -> Option<Arc<ServerConfig>> {
        self.0.read().get(&key).cloned()
    }

    /// Adds or replaces a server.
    pub fn set(&self, key: Key, config: Arc<ServerConfig>) {
        self.0.write().insert(key, config);
    }

    /// Removes a server.
    pub fn remove(&self, key: Key) -> Option<Arc<ServerConfig>> {
        self.0.write().remove(&key)
    }
}

/// Hides the fields of types that may hold secrets.
macro_rules! opaque {
    ($($name:ident),*) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
opaque!(Program, Endpoint);
