//! The words of an HTTP error, without addresses.

use crate::mcp::display_text::display_text;
use reqwest::Error as HttpError;
use std::error::Error;

/// Returns the words at the bottom of an error, because the layers above only say where the error passed.
pub fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    display_text(&without_address(deepest).unwrap_or_else(|| deepest.to_string()))
}

/// Returns the HTTP client's words without the server's address, which may hold a secret.
fn without_address(error: &(dyn Error + 'static)) -> Option<String> {
    let error = error.downcast_ref::<HttpError>()?;
    let address = format!(" for url ({})", error.url()?);
    Some(error.to_string().replace(&address, ""))
}
