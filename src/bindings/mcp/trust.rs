//! Certificates and proxies from JavaScript.

use napi_derive::napi;

/// Sets the certificates of trusted authorities, as PEM texts. Only the first call of the process counts.
/// Without `verify` any server is trusted.
#[napi]
pub fn mcp_trust(certificates: Vec<String>, verify: bool) {
    #[cfg(any(feature = "http", feature = "fleet"))]
    crate::trust::set(&certificates, verify);
    #[cfg(not(any(feature = "http", feature = "fleet")))]
    let _ = (certificates, verify);
}

/// Sets the proxies, as the values of `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`. Only the first call of the process counts,
/// and only before its first request over HTTP; a wrong value fails the requests.
#[napi]
pub fn mcp_proxies(http: Option<String>, https: Option<String>, no_proxy: String) {
    #[cfg(feature = "http")]
    crate::mcp::http::proxies::set(http.as_deref(), https.as_deref(), &no_proxy);
    #[cfg(not(feature = "http"))]
    let _ = (http, https, no_proxy);
}
