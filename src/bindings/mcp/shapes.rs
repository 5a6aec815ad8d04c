//! The objects that cross between JavaScript and the sessions.

use crate::bindings::enums::mirrored;
use crate::bindings::process::shapes::variables;
use crate::bindings::time::{duration, whole_milliseconds};
use crate::mcp::Events;
use crate::mcp::pool::SessionStatus;
use crate::mcp::server_config::{Endpoint, Program, Protocol, ServerConfig, TransportConfig};
use crate::pool::{MemberState, Rules};
use crate::process::usage::resident;
use napi_derive::napi;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// A server, checked by `lib/`. Times are in ms, `Infinity` for ever.
#[napi(object, object_to_js = false)]
pub struct McpServer {
    /// Its name in the configuration.
    pub name: String,
    /// The program of a server that is a process.
    pub command: Option<String>,
    /// The program's arguments.
    pub args: Option<Vec<String>>,
    /// The program's working directory.
    pub cwd: Option<String>,
    /// The program's environment: `NAME=value` entries, each ended by a NUL.
    pub environment: Option<String>,
    /// Starts the program below a warden, where there are wardens.
    pub guarded: bool,
    /// Lets processes that the server leaves behind live on.
    pub detached: bool,
    /// The versions of the protocol to propose.
    pub protocol: McpProtocol,
    /// The capabilities to announce: a JSON object.
    pub capabilities: String,
    /// The methods of the server's requests that are answered by `mcpAnswer()`.
    pub answered: Vec<String>,
    /// The address of a server that is reached over HTTP.
    pub url: Option<String>,
    /// The headers of each HTTP request.
    pub headers: Option<HashMap<String, String>>,
    /// The timeout of its start, handshake included.
    pub start_timeout: f64,
    /// The time between SIGTERM and SIGKILL.
    pub kill_grace: f64,
    /// The bytes of its longest message.
    pub max_buffer: f64,
    /// The bytes that its process tree may have.
    pub max_tree_memory: Option<f64>,
    /// The most calls of a session in flight.
    pub max_in_flight: u32,
    /// The most sessions.
    pub instances: u32,
    /// The most calls of a session.
    pub max_uses: Option<u32>,
    /// The age above which a session is shut down.
    pub max_lifetime: Option<f64>,
    /// The time after which an idle session is shut down.
    pub idle_timeout: f64,
    /// The count of sessions that are kept although they are idle.
    pub min_warm: u32,
    /// The methods of the notifications that JavaScript wants.
    pub events: Vec<String>,
    /// The level of the log messages that the server is asked for.
    pub log_level: Option<String>,
}

mirrored! {
    #[doc = " The versions of the protocol to propose to a server. `auto`: `initialize` first, and after a refusal what the server"]
    #[doc = " names. `2025-11-25`: `initialize` alone. `2026-07-28`: `server/discover` alone."]
    #[napi(string_enum)]
    pub enum McpProtocol => Protocol {
        #[napi(value = "auto")]
        Auto,
        #[napi(value = "2025-11-25")]
        V2025,
        #[napi(value = "2026-07-28")]
        V2026,
    }
}

mirrored! {
    #[doc = " The state of a session."]
    #[napi(string_enum = "lowercase")]
    pub enum McpSessionState <= MemberState {
        Starting,
        Idle,
        Busy,
        Ending,
    }
}

/// A call in flight.
#[napi(object, object_from_js = false)]
pub struct ActiveCall {
    /// The call's number.
    pub number: u32,
    /// The pid of a server that is a process.
    pub pid: Option<u32>,
}

/// A session. Times are in ms.
#[napi(object, object_from_js = false)]
pub struct McpSession {
    /// The server's name.
    pub server: String,
    /// The pid of a server that is a process and has started.
    pub pid: Option<u32>,
    /// Its state.
    pub state: McpSessionState,
    /// The time since its start.
    pub age: f64,
    /// The time since its last call; undefined while a call is in flight.
    pub idle: Option<f64>,
    /// The count of its calls so far.
    pub uses: f64,
    /// The count of its calls in flight.
    pub in_flight: u32,
    /// Resident bytes.
    pub memory: Option<f64>,
    /// The count of its invalid lines.
    pub garbage: f64,
}

impl McpServer {
    /// Converts to the core's configuration.
    pub fn into_config(self, events: Arc<Events>) -> ServerConfig {
        let server = self;
        let transport = match server.url {
            Some(url) => TransportConfig::Http(Endpoint {
                url,
                headers: server.headers.unwrap_or_default().into_iter().collect(),
            }),
            None => TransportConfig::Stdio(Program {
                command: server.command.unwrap_or_default().into(),
                arguments: server.args.unwrap_or_default().into_iter().map(OsString::from).collect(),
                directory: server.cwd.map(PathBuf::from),
                environment: variables(&server.environment.unwrap_or_default()),
                guarded: server.guarded,
                detached: server.detached,
            }),
        };
        let overlaps = matches!(transport, TransportConfig::Http(_));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^32")]
        let max_buffer = server.max_buffer as usize;
        ServerConfig {
            name: server.name,
            transport,
            protocol: server.protocol.into(),
            capabilities: server.capabilities,
            answered: server.answered.into(),
            rules: Rules {
                max_in_flight: server.max_in_flight,
                instances: server.instances,
                overlaps,
                max_uses: server.max_uses.map(u64::from),
                max_lifetime: server.max_lifetime.map(duration),
                idle_timeout: duration(server.idle_timeout),
                min_warm: server.min_warm,
            },
            start_timeout: duration(server.start_timeout),
            kill_grace: duration(server.kill_grace),
            max_buffer,
            max_tree_memory: server.max_tree_memory.map(bytes),
            events,
            log_level: server.log_level,
        }
    }
}

impl From<SessionStatus> for McpSession {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn from(status: SessionStatus) -> Self {
        Self {
            server: status.server,
            pid: status.pid,
            state: status.state.into(),
            age: whole_milliseconds(status.age),
            idle: status.idle.map(whole_milliseconds),
            uses: status.uses as f64,
            in_flight: status.in_flight,
            memory: status.pid.and_then(resident).map(|bytes| bytes as f64),
            garbage: status.invalid_lines as f64,
        }
    }
}

/// Converts JavaScript's number of bytes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^53")]
pub fn bytes(bytes: f64) -> u64 {
    bytes as u64
}
