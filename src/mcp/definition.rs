//! What there is to know of a server before it is started.

use crate::pool::Rules;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A server and how it is used.
#[derive(Debug, Clone)]
pub struct Definition {
    /// Its name in the configuration.
    pub name: String,
    /// How it is reached.
    pub reach: Reach,
    /// How many sessions there may be, and for how long.
    pub rules: Rules,
    /// The time that it has to start and to shake hands.
    pub start_timeout: Duration,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace: Duration,
    /// The longest message, in bytes.
    pub max_buffer: usize,
}

/// How a server is reached.
#[derive(Debug, Clone)]
pub enum Reach {
    /// As a process, over its standard input and output.
    Process(Program),
    /// Over HTTP.
    Http(Endpoint),
}

/// A server's process.
#[derive(Clone)]
pub struct Program {
    /// A path, or a name to look up.
    pub command: OsString,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its working directory.
    pub directory: Option<PathBuf>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether it gets a warden, where there are any.
    pub guarded: bool,
}

/// A server's address.
#[derive(Clone)]
pub struct Endpoint {
    /// The URL that messages are posted to.
    pub url: String,
    /// What goes with each of them.
    pub headers: Vec<(String, String)>,
}

/// Both may hold secrets, so neither shows what it holds.
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
