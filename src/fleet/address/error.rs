//! The problems of an address.

/// The problem of an address. The text has no part of the address, because any part may be a secret that is misplaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AddressError(pub(super) &'static str);

pub(super) const NAME: &str = "its option name must have 1 to 200 bytes without braces and control characters";

/// Returns nothing for an empty text.
pub(super) fn some(text: String) -> Option<String> {
    if text.is_empty() { None } else { Some(text) }
}
