//! The headers that repeat a part of each request, for servers without a handshake (2026-07-28): its method, its subject,
//! and the arguments that the tool wants there.

use crate::mcp::jsonrpc::members;
use crate::mcp::request::Request;
use base64::prelude::{BASE64_STANDARD, Engine};
use reqwest::header::{HeaderName, HeaderValue};

/// The version that was agreed on.
pub const PROTOCOL_VERSION: HeaderName = HeaderName::from_static("mcp-protocol-version");
const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");
/// The prefix of the headers of arguments.
const ARGUMENT: &str = "mcp-param-";

/// Returns the method, the name or address that the request is about, and the arguments that the tool wants in headers.
pub fn standard_headers(Request { method, params, headers }: &Request) -> Vec<(HeaderName, HeaderValue)> {
    let subject = match method.as_str() {
        "tools/call" | "prompts/get" => members(params, ["name"]),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => members(params, ["uri"]),
        _ => None,
    };
    let subject = subject.and_then(|[value]| serde_json::from_str::<String>(value?.get()).ok());
    let standard = [(METHOD, Some(method.as_str())), (NAME, subject.as_deref())];
    let arguments = headers.iter().flatten().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(format!("{ARGUMENT}{name}").as_bytes()).ok()?;
        Some((name, Some(value.as_str())))
    });
    let header =
        |(name, value): (HeaderName, Option<&str>)| Some((name, HeaderValue::from_str(&encoded(value?)).ok()?));
    standard.into_iter().chain(arguments).filter_map(header).collect()
}

/// Wraps a text that no header can carry as it is.
fn encoded(text: &str) -> String {
    let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        && text.trim() == text
        && !(text.starts_with("=?base64?") && text.ends_with("?="));
    if is_plain { text.to_owned() } else { format!("=?base64?{}?=", BASE64_STANDARD.encode(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(method: &str, params: &str) -> Vec<String> {
        let request = Request::new(method, params);
        let line = |(name, value): (HeaderName, HeaderValue)| format!("{name}: {}", value.to_str().unwrap_or("?"));
        standard_headers(&request).into_iter().map(line).collect()
    }

    #[test]
    fn a_request_is_named_in_its_headers() {
        assert_eq!(headers("tools/list", "{}"), ["mcp-method: tools/list"]);
        assert_eq!(
            headers("tools/call", r#"{"name":"say hi","arguments":{}}"#),
            ["mcp-method: tools/call", "mcp-name: say hi"]
        );
        assert_eq!(
            headers("resources/read", r#"{"uri":"file:///a"}"#),
            ["mcp-method: resources/read", "mcp-name: file:///a"]
        );
        assert_eq!(headers("tools/call", r#"{"name":7}"#), ["mcp-method: tools/call"]);
    }

    #[test]
    fn arguments_have_headers_of_their_own() {
        let headers = [("Region", "us-west1"), ("Text", " a"), ("no name", "x"), ("Empty", "")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let request = Request { headers: Some(headers), ..Request::new("tools/call", r#"{"name":"sql"}"#) };
        let line = |(name, value): (HeaderName, HeaderValue)| format!("{name}: {}", value.to_str().unwrap_or("?"));
        assert_eq!(
            standard_headers(&request).into_iter().map(line).collect::<Vec<_>>()[2..],
            ["mcp-param-region: us-west1", "mcp-param-text: =?base64?IGE=?=", "mcp-param-empty: "]
        );
    }

    #[test]
    fn a_name_that_no_header_can_carry_is_encoded() {
        for (name, expected) in [
            ("Käse", "=?base64?S8Okc2U=?="),
            (" a", "=?base64?IGE=?="),
            ("a\nb", "=?base64?YQpi?="),
            ("=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
        ] {
            assert_eq!(encoded(name), expected);
        }
    }
}
