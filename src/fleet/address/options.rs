//! The options in the query of an address.

use super::error::{AddressError, NAME, some};
use crate::fleet::script::FleetName;
use std::path::PathBuf;

/// The options that were given.
#[derive(Default)]
pub struct Given {
    pub name: Option<FleetName>,
    pub ca: Option<PathBuf>,
    pub password_file: Option<PathBuf>,
    pub tls: bool,
    pub sentinel_user: Option<String>,
    pub sentinel_password_file: Option<PathBuf>,
}

/// Reads the options of a query.
pub fn given(query: &str, is_sentinel: bool) -> Result<Given, AddressError> {
    let mut given = Given::default();
    for (option, value) in form_urlencoded::parse(query.as_bytes()) {
        let value = value.into_owned();
        match (&*option, is_sentinel) {
            ("name", _) => given.name = Some(FleetName::new(&value).ok_or(AddressError(NAME))?),
            ("ca", _) => given.ca = Some(file(&value)?),
            ("passwordFile", _) => given.password_file = Some(file(&value)?),
            ("tls", true) if value == "true" || value == "false" => given.tls = value == "true",
            ("tls", true) => return Err(AddressError("its option tls must be true or false")),
            ("sentinelUser", true) => given.sentinel_user = some(value),
            ("sentinelPasswordFile", true) => given.sentinel_password_file = Some(file(&value)?),
            (_, true) => {
                return Err(AddressError(
                    "its options are name, ca, passwordFile, tls, sentinelUser and sentinelPasswordFile; write '?' in a password as %3F",
                ));
            }
            (_, false) => {
                return Err(AddressError("its options are name, ca and passwordFile; write '?' in a password as %3F"));
            }
        }
    }
    if given.sentinel_user.is_some() && given.sentinel_password_file.is_none() {
        return Err(AddressError("its option sentinelUser needs sentinelPasswordFile"));
    }
    Ok(given)
}

fn file(path: &str) -> Result<PathBuf, AddressError> {
    let path = PathBuf::from(path);
    if !path.is_absolute() {
        return Err(AddressError("its files must have absolute paths"));
    }
    Ok(path)
}
