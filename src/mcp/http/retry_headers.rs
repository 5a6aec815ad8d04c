//! Picks the headers in which a server says how long it wants to be left alone.

use crate::mcp::retry_hint::RetryHeaders;
use reqwest::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use std::time::{SystemTime, UNIX_EPOCH};

const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");
/// The length of the longest value that is kept. The longest form of an HTTP date has 33 characters.
const MAX_VALUE: usize = 64;

/// Returns the headers of an answer that came at `received`: only of a 429 or 503, and only if one of them names a time.
pub fn retry_headers(status: u16, headers: &HeaderMap, received: SystemTime) -> Option<Box<RetryHeaders>> {
    if !matches!(status, 429 | 503) {
        return None;
    }
    let text = |name| {
        let text = headers.get(name)?.to_str().ok()?.trim();
        (!text.is_empty() && text.len() <= MAX_VALUE).then(|| text.to_owned())
    };
    let (after, after_ms) = (text(RETRY_AFTER), text(RETRY_AFTER_MS));
    if after.is_none() && after_ms.is_none() {
        return None;
    }
    let since_epoch = received.duration_since(UNIX_EPOCH).unwrap_or_default();
    let received = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    Some(Box::new(RetryHeaders { after, after_ms, date: text(DATE), received }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderValue;
    use std::time::Duration;

    const ANY_DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

    fn read(status: u16, headers: &[(&'static str, &str)]) -> Option<RetryHeaders> {
        let header = |&(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_bytes(value.as_bytes()).expect("a header's value"))
        };
        let headers = headers.iter().map(header).collect();
        retry_headers(status, &headers, UNIX_EPOCH + Duration::from_millis(1500)).map(|found| *found)
    }

    fn found(after: Option<&str>, after_ms: Option<&str>, date: Option<&str>) -> RetryHeaders {
        let [after, after_ms, date] = [after, after_ms, date].map(|text| text.map(str::to_owned));
        RetryHeaders { after, after_ms, date, received: 1500 }
    }

    #[test]
    fn only_a_refusal_for_the_moment_is_read() {
        for status in [200, 202, 301, 400, 401, 403, 404, 408, 500, 502, 504] {
            assert_eq!(read(status, &[("retry-after", "5")]), None, "{status}");
        }
        for status in [429, 503] {
            assert_eq!(read(status, &[("retry-after", "5")]), Some(found(Some("5"), None, None)), "{status}");
        }
    }

    #[test]
    fn values_are_kept_as_they_are() {
        let long = "9".repeat(MAX_VALUE + 1);
        let cases: [(&[(&'static str, &str)], _); 8] = [
            (&[], None),
            (&[("date", ANY_DATE)], None),
            (&[("retry-after-ms", "250"), ("retry-after", "1")], Some(found(Some("1"), Some("250"), None))),
            (&[("retry-after", ANY_DATE), ("date", ANY_DATE)], Some(found(Some(ANY_DATE), None, Some(ANY_DATE)))),
            (&[("retry-after", " soon ")], Some(found(Some("soon"), None, None))),
            (&[("retry-after", "")], None),
            (&[("retry-after", &long)], None),
            (&[("retry-after", "k\u{e4}se")], None),
        ];
        for (headers, expected) in cases {
            assert_eq!(read(429, headers), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_clock_before_the_epoch_is_taken_for_the_epoch() {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("5"))]);
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(retry_headers(429, &headers, before).map(|found| found.received), Some(0));
    }
}
