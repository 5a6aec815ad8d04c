//! Redirects: which are followed, and what goes along.

use reqwest::header::HeaderValue;
use reqwest::{Method, Url};

/// The most redirects in a row, as for `fetch`.
const MAX_REDIRECTS: usize = 20;

/// The next step after an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The answer is no redirect.
    Stay,
    /// Send the same request to another address.
    Follow {
        /// The other address.
        url: Url,
        /// True if the origin is the same, or its encrypted form. Credentials go to no other origin.
        same_origin: bool,
    },
    /// The redirect leads to this origin and is not followed, for this reason.
    Refuse {
        /// Scheme, host and port; nothing that may hold a secret.
        origin: String,
        /// The reason.
        reason: &'static str,
    },
}

/// Decides what an answer means for a request that was sent to `from` after `followed` redirects.
pub fn step(method: &Method, from: &Url, followed: usize, status: u16, location: Option<&HeaderValue>) -> Step {
    let (301..=303 | 307 | 308, Some(location)) = (status, location) else { return Step::Stay };
    let target = String::from_utf8_lossy(location.as_bytes());
    let Ok(url) = from.join(target.trim()) else {
        return Step::Refuse { origin: "an address that cannot be read".to_owned(), reason: "" };
    };
    let refuse = |reason| Step::Refuse { origin: url.origin().ascii_serialization(), reason };
    if !matches!(url.scheme(), "http" | "https") {
        return Step::Refuse { origin: format!("a {}: address", url.scheme()), reason: "" };
    }
    if from.scheme() == "https" && url.scheme() == "http" {
        return refuse("would give up the encryption");
    }
    // `fetch` turns such a request into a GET without a body, and no call is completed by that.
    if *method == Method::POST && matches!(status, 301..=303) || *method != Method::GET && status == 303 {
        return refuse("would lose the request's body");
    }
    if followed >= MAX_REDIRECTS {
        return refuse("is one too many");
    }
    let same_origin = url.origin() == from.origin() || is_upgrade(from, &url);
    Step::Follow { url, same_origin }
}

/// Checks if an address is the https form of another one, both on their default ports. For the TypeScript SDK, too, such a
/// redirect stays within the origin.
fn is_upgrade(from: &Url, to: &Url) -> bool {
    let schemes = (from.scheme(), to.scheme()) == ("http", "https");
    schemes && from.host() == to.host() && from.port().is_none() && to.port().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stepped(method: &Method, from: &str, followed: usize, status: u16, location: &str) -> String {
        let location = HeaderValue::from_str(location).expect("a header value");
        match step(method, &Url::parse(from).expect("an address"), followed, status, Some(&location)) {
            Step::Stay => "stay".to_owned(),
            Step::Follow { url, same_origin } => format!("{url} {}", if same_origin { "same" } else { "other" }),
            Step::Refuse { origin, reason } => format!("refused: {origin} {reason}"),
        }
    }

    #[test]
    fn a_redirect_is_followed_or_refused() {
        let from = "https://one.example/mcp?key=1";
        let (post, get, delete) = (&Method::POST, &Method::GET, &Method::DELETE);
        let cases = [
            (post, 200, "/else", "stay"),
            (post, 304, "/else", "stay"),
            (post, 300, "/else", "stay"),
            (post, 307, "/mcp/", "https://one.example/mcp/ same"),
            (post, 308, "sub", "https://one.example/sub same"),
            (post, 308, " /mcp/ ", "https://one.example/mcp/ same"),
            (post, 307, "https://one.example:443/x", "https://one.example/x same"),
            (post, 307, "//two.example/x", "https://two.example/x other"),
            (post, 307, "https://one.example:8443/x", "https://one.example:8443/x other"),
            (post, 307, "https://sub.one.example/x", "https://sub.one.example/x other"),
            (post, 307, "http://one.example/x?key=1", "refused: http://one.example would give up the encryption"),
            (post, 301, "/mcp/", "refused: https://one.example would lose the request's body"),
            (post, 302, "https://login.example/?t=1", "refused: https://login.example would lose the request's body"),
            (post, 303, "/mcp/", "refused: https://one.example would lose the request's body"),
            (post, 307, "file:///etc/passwd", "refused: a file: address "),
            (post, 307, "data:text/plain,hello", "refused: a data: address "),
            (post, 307, "https://", "refused: an address that cannot be read "),
            (get, 301, "/mcp/", "https://one.example/mcp/ same"),
            (get, 302, "/mcp/", "https://one.example/mcp/ same"),
            (get, 303, "/mcp/", "https://one.example/mcp/ same"),
            (delete, 301, "/mcp/", "https://one.example/mcp/ same"),
            (delete, 303, "/mcp/", "refused: https://one.example would lose the request's body"),
        ];
        for (method, status, location, expected) in cases {
            assert_eq!(stepped(method, from, 0, status, location), expected, "{method} {status} {location}");
        }
    }

    #[test]
    fn plain_http_may_lead_to_encryption() {
        let cases = [
            ("http://a.example/", "https://a.example/x", "https://a.example/x same"),
            ("http://a.example:80/", "https://a.example:443/x", "https://a.example/x same"),
            ("http://a.example:8080/", "https://a.example/x", "https://a.example/x other"),
            ("http://a.example/", "https://a.example:8443/x", "https://a.example:8443/x other"),
            ("http://a.example/", "https://www.a.example/x", "https://www.a.example/x other"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(stepped(&Method::POST, from, 0, 308, to), expected);
        }
    }

    #[test]
    fn the_number_of_redirects_is_limited() {
        let followed = |times| stepped(&Method::POST, "http://a.example/", times, 307, "/again");
        assert_eq!(followed(19), "http://a.example/again same");
        assert_eq!(followed(20), "refused: http://a.example is one too many");
    }

    #[test]
    fn a_redirect_without_an_address_is_an_answer() {
        assert_eq!(step(&Method::GET, &Url::parse("http://a.example").expect("an address"), 0, 302, None), Step::Stay);
    }
}
