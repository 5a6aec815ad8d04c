//! Secrets that a server may send back in its words.

use reqwest::Url;
use std::fmt;

/// Shorter texts are no secrets, and would be found everywhere.
const SHORTEST: usize = 8;
/// A part of a path is a secret only where it looks like a token.
const SHORTEST_IN_PATH: usize = 16;
const HIDDEN: &str = "***";
/// Headers with values that are no secrets.
const HARMLESS: [&str; 5] = ["accept", "accept-language", "content-type", "user-agent", "mcp-protocol-version"];

/// Parts of a server's address and headers that must not be shown.
#[derive(Clone, Default)]
pub struct Secrets(Vec<String>);

impl Secrets {
    /// Collects the secrets of an address and of headers.
    pub fn of(url: &Url, headers: &[(String, String)]) -> Self {
        let mut secrets = Self::default();
        for (_, value) in headers.iter().filter(|(name, _)| !HARMLESS.iter().any(|one| name.eq_ignore_ascii_case(one)))
        {
            secrets.add(value.split_whitespace(), SHORTEST);
        }
        secrets.add(url.password(), SHORTEST);
        for (_, value) in url.query_pairs() {
            secrets.add([value.as_ref()], SHORTEST);
        }
        secrets
            .add(url.query().unwrap_or_default().split('&').filter_map(|pair| Some(pair.split_once('=')?.1)), SHORTEST);
        secrets.add(url.path_segments().into_iter().flatten(), SHORTEST_IN_PATH);
        // The longest first, because one may be a part of another.
        secrets.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.0.dedup();
        secrets
    }

    /// Returns the text with each secret replaced.
    pub fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), HIDDEN) } else { text }
        })
    }

    fn add<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>, shortest: usize) {
        self.0.extend(texts.into_iter().filter(|text| text.len() >= shortest).map(ToOwned::to_owned));
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secrets").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_a_servers_text() {
        let url = Url::parse("https://user:pass-word@a.example/mcp/s/0123456789abcdef/x?key=sec%20ret-key&v=2")
            .expect("an address");
        let headers = [
            ("Authorization", "Bearer token-token"),
            ("X-Short", "on"),
            ("Accept", "application/json"),
            ("X-Longer", "token-token-and-more"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let secrets = Secrets::of(&url, &headers);
        let cases = [
            ("unknown token 'token-token'", "unknown token '***'"),
            ("Bearer token-token-and-more", "Bearer ***"),
            ("it is on", "it is on"),
            ("not application/json", "not application/json"),
            ("pass-word", "***"),
            ("Cannot POST /mcp/s/0123456789abcdef/x?key=sec%20ret-key&v=2", "Cannot POST /mcp/s/***/x?key=***&v=2"),
            ("key 'sec ret-key' is unknown", "key '***' is unknown"),
        ];
        for (words, expected) in cases {
            assert_eq!(secrets.hide(words), expected);
        }
        assert!(!format!("{secrets:?}").contains("token"));
    }
}
