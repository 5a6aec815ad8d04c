//! Configured headers, as `fetch` would send them.

use super::failure::HttpFailure;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Headers that describe the message or the connection. They are the HTTP client's, and `fetch` refuses them too.
const RESERVED: [&str; 7] =
    ["content-length", "transfer-encoding", "keep-alive", "upgrade", "expect", "trailer", "proxy-connection"];
const MAX_NAME: usize = 64;

/// A server's configured headers. They go to the origin that they were configured for, and to no other.
#[derive(Clone, Default)]
pub struct Headers(HeaderMap);

impl Headers {
    /// Reads headers as `fetch` does: values are Latin-1, and white space around them goes.
    ///
    /// # Errors
    /// The name of the header that cannot be sent; never its value.
    pub fn new(headers: &[(String, String)]) -> Result<Self, HttpFailure> {
        let mut map = HeaderMap::with_capacity(headers.len());
        for (name, value) in headers {
            map.append(read_name(name)?, read_value(name, value)?);
        }
        Ok(Self(map))
    }

    pub(super) fn map(&self) -> &HeaderMap {
        &self.0
    }
}

fn read_name(name: &str) -> Result<HeaderName, HttpFailure> {
    let read = HeaderName::from_bytes(name.as_bytes());
    read.ok().filter(|name| !RESERVED.contains(&name.as_str())).ok_or_else(|| refused(name, "cannot be set"))
}

fn read_value(name: &str, value: &str) -> Result<HeaderValue, HttpFailure> {
    let trimmed = value.trim_matches(['\t', '\n', '\r', ' ']);
    let latin = trimmed.chars().map(|char| u8::try_from(char).ok()).collect::<Option<Vec<u8>>>();
    let bytes = latin.ok_or_else(|| refused(name, "has a character that no header can carry (above U+00FF)"))?;
    let mut value =
        HeaderValue::from_bytes(&bytes).map_err(|_| refused(name, "has a control character in its value"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A name may have a value in it by mistake, so only what can be a name is shown.
fn refused(name: &str, reason: &str) -> HttpFailure {
    let is_part = |char: &char| char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(*char);
    let name: String = name.chars().take_while(is_part).take(MAX_NAME).collect();
    HttpFailure::Invalid(format!("the header '{name}' {reason}"))
}

impl fmt::Debug for Headers {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Headers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Vec<u8>, String> {
        let headers = Headers::new(&[(name.to_owned(), value.to_owned())]).map_err(|error| error.to_string())?;
        let (_, value) = headers.map().iter().next().expect("a header");
        assert!(value.is_sensitive());
        Ok(value.as_bytes().to_vec())
    }

    #[test]
    fn values_go_out_as_fetch_sends_them() {
        let cases: [(&str, &[u8]); 7] = [
            ("plain", b"plain"),
            ("  Bearer a b\r\n", b"Bearer a b"),
            ("\ttab\tinside\t", b"tab\tinside"),
            ("", b""),
            (" \n ", b""),
            ("käse", b"k\xe4se"),
            ("\u{ff}\u{80}", b"\xff\x80"),
        ];
        for (given, expected) in cases {
            assert_eq!(read("X-Any", given).as_deref(), Ok(expected), "{given:?}");
        }
    }

    #[test]
    fn an_error_names_the_header_and_never_the_value() {
        let cases = [
            ("X-Key", "secret\u{2019}", "the header 'X-Key' has a character that no header can carry (above U+00FF)"),
            ("X-Key", "sec\nret", "the header 'X-Key' has a control character in its value"),
            ("X-Key", "sec\0ret", "the header 'X-Key' has a control character in its value"),
            ("X-Key", "sec\u{7f}ret", "the header 'X-Key' has a control character in its value"),
            ("Authorization: Bearer secret", "", "the header 'Authorization' cannot be set"),
            ("", "secret", "the header '' cannot be set"),
            ("Content-Length", "1", "the header 'Content-Length' cannot be set"),
            ("transfer-encoding", "chunked", "the header 'transfer-encoding' cannot be set"),
        ];
        for (name, value, expected) in cases {
            assert_eq!(read(name, value), Err(expected.to_owned()));
        }
    }

    #[test]
    fn a_name_in_two_spellings_is_sent_twice() {
        let given = [("X-A", "1"), ("x-a", "2")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(Headers::new(&given).expect("headers").map().get_all("x-a").iter().count(), 2);
    }
}
