//! What crosses between JavaScript and the sessions.

use crate::bindings::process::shapes::variables;
use crate::mcp::pool::SessionStatus;
use crate::mcp::server_config::{Endpoint, Program, Protocol, ServerConfig, TransportConfig};
use crate::pool::{MemberState, Rules};
use crate::process::usage::resident;
use napi_derive::napi;
use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A server; `lib/` has checked it. Times are in ms, `Infinity` for ever.
#[napi(object, object_to_js = false)]
pub struct McpServer {
    /// Its name in the configuration.
    pub name: String,
    /// Its program, where it is a process.
    pub command: Option<String>,
    /// The program's arguments.
    pub args: Option<Vec<String>>,
    /// The program's working directory.
    pub cwd: Option<String>,
    /// The program's environment: `NAME=value` entries, each ended by a NUL.
    pub environment: Option<String>,
    /// Whether the program gets a warden, where there are any.
    pub guarded: bool,
    /// Whether processes that the server leaves behind may live on.
    pub detached: Option<bool>,
    /// The versions of the protocol to propose; `auto` by default.
    pub protocol: Option<McpProtocol>,
    /// Its address, where it is reached over HTTP.
    pub url: Option<String>,
    /// What goes with each HTTP request.
    pub headers: Option<HashMap<String, String>>,
    /// The time it has to get ready.
    pub start_timeout: f64,
    /// Between SIGTERM and SIGKILL.
    pub kill_grace: f64,
    /// Bytes of its longest message.
    pub max_buffer: f64,
    /// How many calls a session works on at once.
    pub max_in_flight: u32,
    /// How many sessions there may be.
    pub instances: u32,
    /// How many calls a session is used for.
    pub max_uses: Option<u32>,
    /// How long a session is used.
    pub max_lifetime: Option<f64>,
    /// How long a session may have nothing to do.
    pub idle_timeout: f64,
    /// How many sessions are kept even so.
    pub min_warm: u32,
}

/// The versions of the protocol to propose to a server.
#[napi(string_enum)]
pub enum McpProtocol {
    /// `initialize` first, and after a refusal what the server names.
    #[napi(value = "auto")]
    Auto,
    /// `initialize` alone.
    #[napi(value = "2025-11-25")]
    V2025,
    /// `server/discover` alone.
    #[napi(value = "2026-07-28")]
    V2026,
}

/// A call that a server is working on.
#[napi(object, object_from_js = false)]
pub struct ActiveCall {
    /// The call's number.
    pub number: u32,
    /// The server's pid, where it is a process.
    pub pid: Option<u32>,
}

/// A session. Times are in ms.
#[napi(object, object_from_js = false)]
pub struct McpSession {
    /// The server's name.
    pub server: String,
    /// Its pid, where it is a process and has started.
    pub pid: Option<u32>,
    /// What it is doing.
    #[napi(ts_type = "'starting' | 'idle' | 'busy' | 'ending'")]
    pub state: &'static str,
    /// Since it was started.
    pub age: f64,
    /// Since its last call; undefined while it has one.
    pub idle: Option<f64>,
    /// How many calls it has been given.
    pub uses: f64,
    /// How many it is working on.
    pub in_flight: u32,
    /// Resident bytes.
    pub memory: Option<f64>,
    /// How many lines it wrote that were no messages.
    pub garbage: f64,
}

impl McpServer {
    /// Converts to the core's configuration.
    pub fn into_config(self) -> ServerConfig {
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
                detached: server.detached.unwrap_or_default(),
            }),
        };
        let overlaps = matches!(transport, TransportConfig::Http(_));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number up to 2^32")]
        let max_buffer = server.max_buffer as usize;
        ServerConfig {
            name: server.name,
            transport,
            protocol: server.protocol.map_or_else(Protocol::default, Protocol::from),
            rules: Rules {
                max_in_flight: server.max_in_flight,
                instances: server.instances,
                overlaps,
                max_uses: server.max_uses.map(u64::from),
                max_lifetime: server.max_lifetime.map(millis),
                idle_timeout: millis(server.idle_timeout),
                min_warm: server.min_warm,
            },
            start_timeout: millis(server.start_timeout),
            kill_grace: millis(server.kill_grace),
            max_buffer,
        }
    }
}

impl From<McpProtocol> for Protocol {
    fn from(protocol: McpProtocol) -> Self {
        match protocol {
            McpProtocol::Auto => Self::Auto,
            McpProtocol::V2025 => Self::V2025,
            McpProtocol::V2026 => Self::V2026,
        }
    }
}

impl From<SessionStatus> for McpSession {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    fn from(status: SessionStatus) -> Self {
        Self {
            server: status.server,
            pid: status.pid,
            state: match status.state {
                MemberState::Starting => "starting",
                MemberState::Idle => "idle",
                MemberState::Busy => "busy",
                MemberState::Ending => "ending",
            },
            age: whole(status.age),
            idle: status.idle.map(whole),
            uses: status.uses as f64,
            in_flight: status.in_flight,
            memory: status.pid.and_then(resident).map(|bytes| bytes as f64),
            garbage: status.invalid_lines as f64,
        }
    }
}

/// From JavaScript's ms; what has no end is the longest time there is.
pub fn millis(ms: f64) -> Duration {
    Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)
}

fn whole(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).floor()
}
