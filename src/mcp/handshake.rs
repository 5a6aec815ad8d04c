//! The handshake: agrees on a version of the protocol before the first call.

use super::client::Client;
use super::error::CallError;
use super::jsonrpc::{self, members, quoted};
use super::request::{Listeners, Outcome, Request};
use super::server_config::Protocol;
use serde_json::value::RawValue;
use tokio::sync::oneshot;

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

/// Agrees on a version with the server, and announces these capabilities, which are a JSON object as text.
///
/// # Errors
/// The server's first refusal: what it says to later proposals is about these.
pub async fn shake_hands(transport: &impl Transport, protocol: Protocol, capabilities: &str) -> Result<(), CallError> {
    let first = match protocol {
        Protocol::Auto | Protocol::V2025 => Step::Initialize(NEWEST_WITH_INITIALIZE),
        Protocol::V2026 => Step::Discover,
    };
    let error = match take(transport, &first, capabilities).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    match next_step(&first, protocol, &error) {
        Some(second) => take(transport, &second, capabilities).await.map_err(|_| error),
        None => Err(error),
    }
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

async fn take(transport: &impl Transport, step: &Step, capabilities: &str) -> Result<(), CallError> {
    match step {
        Step::Initialize(version) => initialize(transport, version, capabilities).await,
        Step::Discover => discover(transport, capabilities).await,
    }
}

async fn initialize(transport: &impl Transport, version: &str, capabilities: &str) -> Result<(), CallError> {
    let version_text = quoted(version);
    let params =
        format!(r#"{{"protocolVersion":{version_text},"capabilities":{capabilities},"clientInfo":{}}}"#, client_info());
    let result = ask(transport, "initialize", params).await?;
    let [agreed] = members(&result, ["protocolVersion"]).ok_or_else(|| no_answer_to("initialize"))?;
    let agreed = agreed.and_then(|version| serde_json::from_str::<String>(version.get()).ok());
    let agreed = agreed.as_deref().unwrap_or(version);
    transport.client().set_info(agreed, &result);
    transport.set_version(agreed);
    transport.notify(jsonrpc::notification("notifications/initialized", "")).await
}

async fn discover(transport: &impl Transport, capabilities: &str) -> Result<(), CallError> {
    transport.set_version(WITHOUT_INITIALIZE);
    transport.client().set_stateless(format!(
        r#""{META}/protocolVersion":{},"{META}/clientInfo":{},"{META}/clientCapabilities":{capabilities}"#,
        quoted(WITHOUT_INITIALIZE),
        client_info()
    ));
    let result = ask(transport, "server/discover", "{}".to_owned()).await?;
    let [versions] = members(&result, ["supportedVersions"]).ok_or_else(|| no_answer_to("server/discover"))?;
    let versions = texts(versions);
    if versions.iter().any(|version| version == WITHOUT_INITIALIZE) {
        transport.client().set_info(WITHOUT_INITIALIZE, &result);
        return Ok(());
    }
    let versions = versions.join(", ");
    Err(refusal(format!("it supports the protocol versions {versions}, and not {WITHOUT_INITIALIZE}")))
}

/// Sends a request and waits for its answer.
async fn ask(transport: &impl Transport, method: &str, params: String) -> Outcome {
    let (sender, receiver) = oneshot::channel();
    let settle = Box::new(move |outcome, _| drop(sender.send(outcome)));
    let id = transport.client().register(Listeners::default(), settle).map_err(|(error, _)| error)?;
    transport.send(id, &Request::new(method, params));
    receiver.await.unwrap_or(Err(CallError::Closed))
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
