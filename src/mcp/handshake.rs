//! The handshake: agrees on a version of the protocol before the first call.

use super::client::Client;
use super::error::CallError;
use super::jsonrpc::{self, members, quoted};
use super::request::{Listeners, Outcome, Request};
use super::server_config::Protocol;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// The version that servers with a handshake are asked for first.
const NEWEST_WITH_INITIALIZE: &str = "2025-11-25";
/// The version of servers without a handshake.
pub const WITHOUT_INITIALIZE: &str = "2026-07-28";
/// All versions that this client speaks, the newest first.
const VERSIONS: [&str; 5] = [WITHOUT_INITIALIZE, NEWEST_WITH_INITIALIZE, "2025-06-18", "2025-03-26", "2024-11-05"];

/// The code of a refusal that names the versions of the server.
const UNSUPPORTED_VERSION: f64 = -32022.0;

/// The prefix of the members of `_meta` that the protocol defines.
const META: &str = "io.modelcontextprotocol";

/// Carries the messages of a handshake.
pub trait Transport: Sync {
    /// Returns the client that makes the requests.
    fn client(&self) -> &Client;

    /// Sends a registered request.
    fn send(&self, id: i64, request: &Request);

    /// Sends a notification and waits until it is accepted.
    fn notify(&self, message: Vec<u8>) -> impl Future<Output = Result<(), CallError>> + Send;

    /// Notes the version that each later request names.
    fn set_version(&self, version: &str);
}

/// A step of the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// `initialize`, with this version.
    Initialize(&'static str),
    /// `server/discover`.
    Discover,
}

/// The reason why a handshake failed.
#[derive(Debug)]
pub enum HandshakeFailure {
    /// The server refused the handshake, or could not be asked.
    Refused(CallError),
    /// The server did not answer the message with this method in time.
    Unanswered(&'static str),
}

/// Agrees on a version with the server within this time, and announces these capabilities, which are a JSON object as
/// text.
///
/// # Errors
/// The server's first refusal: what it says to later proposals is about these.
pub async fn shake_hands(
    transport: &impl Transport,
    protocol: Protocol,
    capabilities: &str,
    time: Duration,
) -> Result<(), HandshakeFailure> {
    let handshake = Handshake { transport, capabilities, sent: Mutex::new("") };
    match timeout(time, handshake.agree(protocol)).await {
        Ok(outcome) => outcome.map_err(HandshakeFailure::Refused),
        Err(_) => Err(HandshakeFailure::Unanswered(*handshake.sent.lock())),
    }
}

/// A handshake in progress.
struct Handshake<'a, T> {
    transport: &'a T,
    /// A JSON object as text.
    capabilities: &'a str,
    /// The method of the message that was sent last.
    sent: Mutex<&'static str>,
}

/// Decides what is tried after a refusal, if anything.
fn next_step(first: &Step, protocol: Protocol, error: &CallError) -> Option<Step> {
    // A server that wants to be left alone for a while is not asked another thing at once.
    let CallError::Refused { code, data, retry: None, .. } = error else { return None };
    let supported = data.as_deref().map(supported).unwrap_or_default();
    let Step::Initialize(proposed) = first else {
        // Servers behind one address may differ for a moment.
        let is_supported = supported.iter().any(|version| version == WITHOUT_INITIALIZE);
        return (is_supported && *code == Some(UNSUPPORTED_VERSION)).then_some(Step::Discover);
    };
    if supported.is_empty() {
        return (protocol == Protocol::Auto).then_some(Step::Discover);
    }
    let mut candidates = VERSIONS.into_iter().filter(|version| supported.iter().any(|each| each == version));
    let is_open =
        |version: &&str| version != proposed && (protocol == Protocol::Auto || *version != WITHOUT_INITIALIZE);
    candidates.find(is_open).map(|version| match version {
        WITHOUT_INITIALIZE => Step::Discover,
        version => Step::Initialize(version),
    })
}

/// Reads the versions that a refusal names.
fn supported(data: &str) -> Vec<String> {
    members(data, ["supported"]).map(|[versions]| texts(versions)).unwrap_or_default()
}

fn texts(list: Option<&RawValue>) -> Vec<String> {
    list.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default()
}

impl<T: Transport> Handshake<'_, T> {
    async fn agree(&self, protocol: Protocol) -> Result<(), CallError> {
        let first = match protocol {
            Protocol::Auto | Protocol::V2025 => Step::Initialize(NEWEST_WITH_INITIALIZE),
            Protocol::V2026 => Step::Discover,
        };
        let error = match self.take(&first).await {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match next_step(&first, protocol, &error) {
            Some(second) => self.take(&second).await.map_err(|_| error),
            None => Err(error),
        }
    }

    async fn take(&self, step: &Step) -> Result<(), CallError> {
        match step {
            Step::Initialize(version) => self.initialize(version).await,
            Step::Discover => self.discover().await,
        }
    }

    async fn initialize(&self, version: &str) -> Result<(), CallError> {
        let (version_text, capabilities) = (quoted(version), self.capabilities);
        let params = format!(
            r#"{{"protocolVersion":{version_text},"capabilities":{capabilities},"clientInfo":{}}}"#,
            client_info()
        );
        let result = self.ask("initialize", params).await?;
        let [agreed] = members(&result, ["protocolVersion"]).ok_or_else(|| no_answer_to("initialize"))?;
        let agreed = agreed.and_then(|version| serde_json::from_str::<String>(version.get()).ok());
        let agreed = agreed.as_deref().unwrap_or(version);
        self.transport.client().set_info(agreed, &result);
        self.transport.set_version(agreed);
        *self.sent.lock() = "notifications/initialized";
        self.transport.notify(jsonrpc::notification("notifications/initialized", "")).await
    }

    async fn discover(&self) -> Result<(), CallError> {
        self.transport.set_version(WITHOUT_INITIALIZE);
        self.transport.client().set_stateless(format!(
            r#""{META}/protocolVersion":{},"{META}/clientInfo":{},"{META}/clientCapabilities":{}"#,
            quoted(WITHOUT_INITIALIZE),
            client_info(),
            self.capabilities
        ));
        let result = self.ask("server/discover", "{}".to_owned()).await?;
        let [versions] = members(&result, ["supportedVersions"]).ok_or_else(|| no_answer_to("server/discover"))?;
        let versions = texts(versions);
        if versions.iter().any(|version| version == WITHOUT_INITIALIZE) {
            self.transport.client().set_info(WITHOUT_INITIALIZE, &result);
            return Ok(());
        }
        let versions = versions.join(", ");
        Err(refusal(format!("it supports the protocol versions {versions}, and not {WITHOUT_INITIALIZE}")))
    }

    /// Sends a request and waits for its answer.
    async fn ask(&self, method: &'static str, params: String) -> Outcome {
        let (sender, receiver) = oneshot::channel();
        let settle = Box::new(move |outcome, _| drop(sender.send(outcome)));
        let id = self.transport.client().register(Listeners::default(), settle).map_err(|(error, _)| error)?;
        *self.sent.lock() = method;
        self.transport.send(id, &Request::new(method, params));
        receiver.await.unwrap_or(Err(CallError::Closed))
    }
}

fn client_info() -> String {
    format!(r#"{{"name":"procward","version":{}}}"#, quoted(env!("CARGO_PKG_VERSION")))
}

fn no_answer_to(method: &str) -> CallError {
    refusal(format!("its answer to {method} is none"))
}

fn refusal(message: String) -> CallError {
    CallError::Refused { code: None, message, data: None, retry: None }
}

#[cfg(test)]
mod tests;
