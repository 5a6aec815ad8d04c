//! Proxies, chosen as Node.js chooses them with `NODE_USE_ENV_PROXY=1` (undici's `EnvHttpProxyAgent`).

use once_cell::sync::OnceCell;
use reqwest::{Proxy, Url};
use std::fmt;

static PROXIES: OnceCell<Result<Proxies, String>> = OnceCell::new();

/// The proxies of the process.
#[derive(Clone, Default)]
struct Proxies {
    http: Option<Url>,
    https: Option<Url>,
    direct: Direct,
}

/// The servers that are reached without a proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Direct {
    All,
    Listed(Vec<Entry>),
}

/// A host of `NO_PROXY`, with its subdomains.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    host: String,
    port: Option<u16>,
}

impl Proxies {
    /// Reads the values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`; empty ones say nothing.
    ///
    /// # Errors
    /// The name of the variable that is no proxy's address. The value may hold a password and is not shown.
    fn new(http: Option<&str>, https: Option<&str>, no_proxy: &str) -> Result<Self, String> {
        Ok(Self {
            http: proxy("HTTP_PROXY", http)?,
            https: proxy("HTTPS_PROXY", https)?,
            direct: Direct::parse(no_proxy),
        })
    }

    /// Returns the proxy for a request to this address. https goes through the proxy for http where there is no other.
    fn choose(&self, url: &Url) -> Option<&Url> {
        let proxy =
            if url.scheme() == "https" { self.https.as_ref().or(self.http.as_ref()) } else { self.http.as_ref() };
        proxy.filter(|_| !self.direct.holds(url))
    }
}

/// Sets the proxies of the process. Only the first ones count, and only before the first request.
pub fn set(http: Option<&str>, https: Option<&str>, no_proxy: &str) {
    PROXIES.get_or_init(|| Proxies::new(http, https, no_proxy));
}

/// Returns what chooses the proxy of each request, where there are proxies.
///
/// # Errors
/// The name of a variable that is no proxy's address: a request around the proxy could go where it must not.
pub fn chooser() -> Result<Option<Proxy>, String> {
    let Some(proxies) = PROXIES.get() else { return Ok(None) };
    let proxies = proxies.as_ref().map_err(Clone::clone)?;
    let any = proxies.http.is_some() || proxies.https.is_some();
    Ok(any.then(|| Proxy::custom(|url| proxies.choose(url).cloned())))
}

fn proxy(variable: &str, value: Option<&str>) -> Result<Option<Url>, String> {
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let url = Url::parse(value).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.map(Some).ok_or_else(|| format!("{variable} must be the http: or https: address of a proxy"))
}

impl Default for Direct {
    fn default() -> Self {
        Self::Listed(Vec::new())
    }
}

impl Direct {
    fn parse(no_proxy: &str) -> Self {
        if no_proxy == "*" {
            return Self::All;
        }
        let entries = no_proxy.split(|char: char| char == ',' || char.is_whitespace());
        Self::Listed(entries.filter(|entry| !entry.is_empty()).map(Entry::parse).collect())
    }

    fn holds(&self, url: &Url) -> bool {
        let Self::Listed(entries) = self else { return true };
        let host = without_brackets(url.host_str().unwrap_or_default());
        let host = host.strip_suffix('.').filter(|host| !host.is_empty()).unwrap_or(host);
        entries.iter().any(|entry| entry.covers(host, url.port_or_known_default()))
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        let (host, port) = split_port(text);
        let host = host.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(host);
        let host = host.strip_prefix('.').unwrap_or(host);
        let host = host.strip_suffix('.').filter(|host| !host.is_empty()).unwrap_or(host);
        Self { host: host.to_lowercase(), port }
    }

    fn covers(&self, host: &str, port: Option<u16>) -> bool {
        let is_host = host == self.host || host.strip_suffix(&self.host).is_some_and(|rest| rest.ends_with('.'));
        is_host && (self.port.is_none() || self.port == port)
    }
}

/// The colons of an IPv6 address without brackets belong to no port. Port 0 stands for any.
fn split_port(text: &str) -> (&str, Option<u16>) {
    let split = text.rsplit_once(':').filter(|(host, port)| {
        let is_host = (host.starts_with('[') && host.ends_with(']')) || !host.contains(':');
        is_host && !host.is_empty() && !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit())
    });
    match split {
        // A number that is no port is the port of no server.
        Some((host, port)) => {
            let port = port.parse().unwrap_or(u32::MAX);
            (without_brackets(host), if port == 0 { None } else { Some(u16::try_from(port).unwrap_or(0)) })
        }
        None => (without_brackets(text), None),
    }
}

fn without_brackets(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

impl fmt::Debug for Proxies {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's address may hold a password.
        out.debug_struct("Proxies").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(http: Option<&str>, https: Option<&str>, no_proxy: &str, url: &str) -> Option<String> {
        let proxies = Proxies::new(http, https, no_proxy).expect("addresses of proxies");
        proxies.choose(&Url::parse(url).expect("an address")).map(|url| url.host_str().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_scheme_has_its_proxy() {
        let (h, s) = (Some("http://user:word@h:3128"), Some("https://s"));
        let cases = [
            (None, None, "http://a.example", None),
            (None, None, "https://a.example", None),
            (h, s, "http://a.example", Some("h")),
            (h, s, "https://a.example", Some("s")),
            (h, None, "https://a.example", Some("h")),
            (None, s, "http://a.example", None),
            (Some(""), s, "http://a.example", None),
            (h, Some(""), "https://a.example", Some("h")),
            (h, s, "http://localhost:1", Some("h")),
        ];
        for (http, https, url, expected) in cases {
            assert_eq!(chosen(http, https, "", url).as_deref(), expected, "{http:?} {https:?} {url}");
        }
    }

    #[test]
    fn no_proxy_lists_hosts_that_are_reached_directly() {
        let cases = [
            ("*", "http://a.example", true),
            ("a.example", "http://a.example", true),
            ("a.example", "http://A.EXAMPLE/x", true),
            ("A.Example", "http://a.example", true),
            ("a.example", "http://sub.a.example", true),
            ("a.example", "http://nota.example", false),
            (".a.example", "http://sub.a.example", true),
            (".a.example", "http://a.example", true),
            ("*.a.example", "http://sub.a.example", true),
            ("*a.example", "http://nota.example", false),
            ("b.example, a.example", "http://a.example", true),
            ("b.example a.example", "http://a.example", true),
            ("b.example,,a.example", "http://c.example", false),
            ("a.example:8080", "http://a.example", false),
            ("a.example:8080", "http://a.example:8080", true),
            ("a.example:80", "http://a.example", true),
            ("a.example:443", "https://a.example", true),
            ("a.example:443", "http://a.example", false),
            ("a.example:0", "http://a.example:5", true),
            ("a.example:99999", "http://a.example:5", false),
            ("a.example.", "http://a.example", true),
            ("a.example", "http://a.example.", true),
            ("127.0.0.1", "http://127.0.0.1:9", true),
            ("127.0.0.0/8", "http://127.0.0.1:9", false),
            ("::1", "http://[::1]:9", true),
            ("[::1]", "http://[::1]:9", true),
            ("[::1]:9", "http://[::1]:9", true),
            ("[::1]:8", "http://[::1]:9", false),
            ("localhost,*", "http://a.example", false),
            (" ", "http://a.example", false),
            (":80", "http://a.example", false),
        ];
        for (no_proxy, url, direct) in cases {
            assert_eq!(chosen(Some("http://h"), None, no_proxy, url).is_none(), direct, "{no_proxy:?} {url}");
        }
    }

    #[test]
    fn an_address_that_is_no_proxy_is_an_error_without_the_value() {
        for wrong in ["user:word@proxy:1", "proxy.example:3128", "socks5://proxy:1080", "http://", "word"] {
            let error = Proxies::new(None, Some(wrong), "").expect_err(wrong);
            assert_eq!(error, "HTTPS_PROXY must be the http: or https: address of a proxy");
        }
        assert!(!format!("{:?}", Proxies::new(Some("http://user:word@h"), None, "")).contains("word"));
    }
}
