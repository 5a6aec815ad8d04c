//! The address of a fleet.
#![expect(clippy::needless_pass_by_value, reason = "napi-rs hands arguments over by value")]

use crate::bindings::error::Result;
use crate::fleet::address::Address;
use napi_derive::napi;

/// Returns the address of a fleet without user, password and query. Throws `ERR_INVALID_CONFIG` for a wrong one.
#[napi]
pub fn fleet_address(url: String) -> Result<String> {
    Ok(parse(&url)?.to_string())
}

/// Parses an address. The error has no part of the address.
pub fn parse(url: &str) -> Result<Address> {
    Address::parse(url).map_err(|error| napi::Error::new("ERR_INVALID_CONFIG", error.to_string()))
}
