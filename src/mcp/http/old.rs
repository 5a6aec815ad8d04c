//! Servers that are reached over HTTP ("streamable HTTP"): no process at all.

use super::client::client;
use crate::mcp::connection::{Connection, deepest};
use crate::mcp::definition::{Definition, Endpoint};
use crate::mcp::error::{ServerEnd, StartError};
use crate::mcp::request::Request;
use crate::mcp::session::{Session, Way, shake_hands};
use crate::mcp::traffic::Traffic;
use crate::mcp::wire::{self, Awaited};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client as HttpClient, Error as HttpError};
use rmcp::model::{ClientJsonRpcMessage, ClientRequest, JsonRpcMessage, RequestId, ServerJsonRpcMessage};
use rmcp::service::ClientInitializeError;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClient, StreamableHttpClientTransportConfig, StreamableHttpError, StreamableHttpPostResponse,
    StreamableHttpResponseLimits,
};
use sse_stream::{Error as SseError, Sse};
use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;
type Failure = StreamableHttpError<HttpError>;

/// Connects to a server and shakes hands with it.
///
/// # Errors
/// [`StartError`].
pub async fn connect(definition: &Definition, endpoint: &Endpoint) -> Result<Arc<Session>, StartError> {
    let failed = |why: String| StartError::Handshake(why, ServerEnd::default());
    let traffic = Arc::<Traffic>::default();
    let client = Observed {
        client: client().map_err(|error| failed(error.to_string()))?.clone(),
        traffic: Arc::clone(&traffic),
    };
    let config = StreamableHttpClientTransportConfig::with_uri(endpoint.url.as_str())
        .custom_headers(headers(endpoint).map_err(failed)?)
        .max_sse_event_size(definition.max_buffer)
        .max_json_response_size(definition.max_buffer);
    let cancel = CancellationToken::new();
    let transport = || StreamableHttpClientTransport::with_client(client.clone(), config.clone());
    match timeout(definition.start_timeout, shake_hands(transport, &cancel)).await {
        Ok(Ok(service)) => {
            let connection = Connection::new(service.peer().clone(), traffic);
            Ok(Session::new(service, Way::Connection(connection), definition.max_buffer, cancel))
        }
        Ok(Err(None)) => Err(failed("the connection was closed".to_owned())),
        Ok(Err(Some(error))) if error.is_authorization_required() => Err(StartError::Unauthorized),
        Ok(Err(Some(ClientInitializeError::TransportError { error, .. }))) => {
            let why = deepest(&error);
            Err(if is_older_transport(&why) { StartError::NotStreamable(why) } else { failed(why) })
        }
        Ok(Err(Some(error))) => Err(failed(error.to_string())),
        Err(_) => Err(StartError::TimedOut(definition.start_timeout, ServerEnd::default())),
    }
}

/// What the SDK's error has of the HTTP client's, which it does not give as its source.
pub fn client_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref() {
        Some(Failure::Client(error)) => Some(error),
        _ => None,
    }
}

/// The HTTP client's words without the server's address, which may hold a secret.
pub fn without_address(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<HttpError>()?;
    let address = format!(" for url ({})", error.url()?);
    Some(error.to_string().replace(&address, ""))
}

/// Servers of the transport before this one have no such address, or take no such request; the SDK says so in words alone.
fn is_older_transport(why: &str) -> bool {
    ["HTTP 404", "HTTP 405"].iter().any(|status| why.contains(status))
}

fn headers(endpoint: &Endpoint) -> Result<Headers, String> {
    let header = |(name, value): &(String, String)| {
        // The value may be a secret, so no error shows it.
        let wrong = || format!("the header {name} cannot be sent");
        let mut value = HeaderValue::from_str(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        Ok((HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?, value))
    };
    endpoint.headers.iter().map(header).collect()
}

/// The SDK's HTTP client, with an eye on what passes: answers are kept as text, arguments are added as they leave.
#[derive(Debug, Clone)]
struct Observed {
    client: HttpClient,
    traffic: Arc<Traffic>,
}

impl Observed {
    /// Fills in what the SDK was not told, and notes who waits for the answer.
    fn outgoing(&self, message: &mut ClientJsonRpcMessage) -> Result<(), serde_json::Error> {
        let exchange = self.traffic.outgoing(message);
        let Some(exchange) = exchange else { return Ok(()) };
        if let (JsonRpcMessage::Request(request), Request::CallTool { arguments, .. }) = (message, exchange.request())
            && let ClientRequest::CallToolRequest(call) = &mut request.request
        {
            call.params.arguments = Some(serde_json::from_str(arguments)?);
        }
        exchange.sent().begin();
        Ok(())
    }

    fn observe(&self, events: Events) -> Events {
        let traffic = Arc::clone(&self.traffic);
        events.map(move |event| event.map(|event| incoming(&traffic, event))).boxed()
    }
}

/// An event as the SDK is to see it. One that it need not see keeps its number, from which a broken stream is resumed.
fn incoming(traffic: &Traffic, mut event: Sse) -> Sse {
    if let Some(data) = event.data.take_if(|data| !data.is_empty()) {
        let message = traffic.sort(wire::read(data.as_bytes(), |number| traffic.awaited(number)));
        event.data = message.and_then(|message| serde_json::to_string(&message).ok());
    }
    event
}

/// A response without events. The SDK has read it, so it is written again.
fn answered(traffic: &Traffic, message: ServerJsonRpcMessage) -> ServerJsonRpcMessage {
    if let JsonRpcMessage::Response(response) = &message
        && let RequestId::Number(number) = response.id
        && traffic.awaited(number) == Awaited::Raw
        && let Ok(result) = serde_json::to_string(&response.result)
        && let Some(woken) = traffic.sort(wire::Incoming::Answer(number, Ok(result)))
    {
        return woken;
    }
    message
}

impl StreamableHttpClient for Observed {
    type Error = HttpError;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        let limits = StreamableHttpResponseLimits::default();
        self.post_message_with_response_limits(uri, message, session, auth, headers, limits).await
    }

    async fn post_message_with_response_limits(
        &self,
        uri: Arc<str>,
        mut message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
        limits: StreamableHttpResponseLimits,
    ) -> Result<StreamableHttpPostResponse, Failure> {
        self.outgoing(&mut message)?;
        let posted = self.client.post_message_with_response_limits(uri, message, session, auth, headers, limits);
        Ok(match posted.await? {
            StreamableHttpPostResponse::Sse(events, session) => {
                StreamableHttpPostResponse::Sse(self.observe(events), session)
            }
            StreamableHttpPostResponse::Json(message, session) => {
                StreamableHttpPostResponse::Json(answered(&self.traffic, message), session)
            }
            other => other,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<(), Failure> {
        self.client.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failure> {
        self.client.get_stream(uri, session, last_event, auth, headers).await.map(|events| self.observe(events))
    }

    async fn get_stream_with_max_sse_event_size(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last_event: Option<String>,
        auth: Option<String>,
        headers: Headers,
        max_size: usize,
    ) -> Result<Events, Failure> {
        let events = self.client.get_stream_with_max_sse_event_size(uri, session, last_event, auth, headers, max_size);
        events.await.map(|events| self.observe(events))
    }
}
