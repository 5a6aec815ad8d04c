//! The parts of a refusal that may say how long a server wants to be left alone. JavaScript reads their values.

use serde::Serialize;

/// The size of the longest error data that a failed start keeps, in bytes.
const MAX_DATA: usize = 64 * 1024;

/// The headers of an HTTP 429 or 503, as the server wrote them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RetryHeaders {
    /// `Retry-After`: seconds, or an HTTP date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// `Retry-After-Ms`: milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<String>,
    /// `Date`: the server's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// The time at which the answer came, in ms since the Unix epoch.
    pub received: u64,
}

/// The headers and the data of the refusal that failed a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryHint {
    /// The headers, if the answer came over HTTP.
    pub headers: Option<Box<RetryHeaders>>,
    /// The JSON-RPC error's data, as JSON.
    pub data: Option<String>,
}

impl RetryHint {
    /// Keeps what may be a hint. Long data is left out, because the pool keeps the reason of a failed start.
    pub fn of(headers: Option<Box<RetryHeaders>>, data: Option<String>) -> Option<Box<Self>> {
        let data = data.filter(|data| data.len() <= MAX_DATA);
        (headers.is_some() || data.is_some()).then(|| Box::new(Self { headers, data }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_kept_up_to_a_limit() {
        let data = |length| RetryHint::of(None, Some("1".repeat(length))).and_then(|hint| hint.data);
        assert_eq!(data(MAX_DATA).map(|data| data.len()), Some(MAX_DATA));
        assert_eq!(data(MAX_DATA + 1), None);
        assert_eq!(RetryHint::of(None, None), None);
    }
}
