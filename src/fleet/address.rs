//! The address of a fleet's Redis, as `MCP_LIMIT_URL` gives it.
//!
//! ```text
//! redis[s]://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE][?OPTIONS]
//! redis-sentinel://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]...]/MASTER[/DATABASE][?OPTIONS]
//! ```

mod error;
mod options;
#[cfg(test)]
mod tests;

pub use error::AddressError;

use super::script::FleetName;
use error::{NAME, some};
use options::{Given, given};
use percent_encoding::percent_decode_str;
use std::fmt;
use std::path::PathBuf;

/// The longest name of a master.
const MAX_NAME: usize = 100;
const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;
/// The most sentinels of an address.
const MAX_NODES: usize = 20;

/// A server or a sentinel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
}

/// The name and the password of a Redis user. Shows neither.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// Redis's default user if there is none.
    pub user: Option<String>,
    /// The password of the address.
    pub password: Option<String>,
    /// A file with the password, which is read at each connection.
    pub password_file: Option<PathBuf>,
}

/// The sentinels that know the server, and the name under which they know the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentinels {
    /// The name of the master.
    pub master: String,
    /// The user of the sentinels themselves.
    pub login: Login,
}

/// The address of a fleet's Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The server, or the sentinels.
    pub nodes: Vec<Node>,
    /// Set if the nodes are sentinels.
    pub sentinels: Option<Sentinels>,
    /// The user of the server.
    pub login: Login,
    /// The number of the database.
    pub database: u32,
    /// True if the connections are encrypted.
    pub tls: bool,
    /// A file of PEM certificates that are trusted instead of Node.js's.
    pub ca: Option<PathBuf>,
    /// The name of the limit. Fleets with different names share nothing.
    pub name: FleetName,
}

impl Address {
    /// Parses an address.
    ///
    /// # Errors
    /// Names the part that is wrong.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = text.split_once("://").ok_or(AddressError(SCHEMES))?;
        let is_sentinel = scheme == "redis-sentinel";
        if !is_sentinel && scheme != "redis" && scheme != "rediss" {
            return Err(AddressError(SCHEMES));
        }
        if rest.contains('#') {
            return Err(AddressError("it must have no fragment; write '#' in a password as %23"));
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let options = given(query, is_sentinel)?;
        let login = login(user_info, &options)?;
        let (master, database) = if is_sentinel { master(path)? } else { (None, path) };
        let default_port = if is_sentinel { SENTINEL_PORT } else { REDIS_PORT };
        let nodes = hosts.split(',').map(|host| node(host, default_port)).collect::<Result<Vec<_>, _>>()?;
        if !is_sentinel && nodes.len() > 1 {
            return Err(AddressError("it must have one host; several are for redis-sentinel://"));
        }
        if nodes.len() > MAX_NODES {
            return Err(AddressError("it must have at most 20 sentinels"));
        }
        let login_of_sentinels =
            Login { user: options.sentinel_user, password: None, password_file: options.sentinel_password_file };
        Ok(Self {
            nodes,
            sentinels: master.map(|master| Sentinels { master, login: login_of_sentinels }),
            login,
            database: number(database)?,
            tls: scheme == "rediss" || options.tls,
            ca: options.ca,
            name: options.name.or_else(|| FleetName::new("procward")).ok_or(AddressError(NAME))?,
        })
    }
}

/// Shows the address without user, password and query.
impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (&self.sentinels, self.tls) {
            (Some(_), _) => "redis-sentinel",
            (None, true) => "rediss",
            (None, false) => "redis",
        };
        let nodes: Vec<_> = self.nodes.iter().map(ToString::to_string).collect();
        write!(formatter, "{scheme}://{}", nodes.join(","))?;
        if let Some(Sentinels { master, .. }) = &self.sentinels {
            write!(formatter, "/{master}")?;
        }
        if self.database == 0 { Ok(()) } else { write!(formatter, "/{}", self.database) }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port } = self;
        if host.contains(':') { write!(formatter, "[{host}]:{port}") } else { write!(formatter, "{host}:{port}") }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login")
    }
}

const SCHEMES: &str = "it must be 'host' or begin with redis://, rediss:// or redis-sentinel://";

fn login(user_info: &str, options: &Given) -> Result<Login, AddressError> {
    let (user, password) = user_info.split_once(':').unwrap_or((user_info, ""));
    let login = Login {
        user: some(decoded(user)?),
        password: some(decoded(password)?),
        password_file: options.password_file.clone(),
    };
    if login.password.is_some() && login.password_file.is_some() {
        return Err(AddressError("it must have a password or the option passwordFile, not both"));
    }
    if login.user.is_some() && login.password.is_none() && login.password_file.is_none() {
        return Err(AddressError(
            "its user must have a password: USER:PASSWORD@, :PASSWORD@ or the option passwordFile",
        ));
    }
    Ok(login)
}

/// Splits the path of sentinels into the name of the master and the rest.
fn master(path: &str) -> Result<(Option<String>, &str), AddressError> {
    let (master, database) = path.split_once('/').unwrap_or((path, ""));
    let master = decoded(master)?;
    if !is_name(&master) {
        return Err(AddressError("its path must begin with the name of the master: 1 to 100 of A-Z a-z 0-9 . _ : -"));
    }
    Ok((Some(master), database))
}

fn node(text: &str, default_port: u16) -> Result<Node, AddressError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(AddressError("its host has no closing bracket"))?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("")))
        }
        None => text.split_once(':').map_or((text, Some("")), |(host, port)| (host, Some(port))),
    };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if host.is_empty() || host.len() > 255 || !host.bytes().all(is_host) {
        return Err(AddressError("its host must be a name or an IP address, an IPv6 address in brackets"));
    }
    let port = match port {
        Some("") => default_port,
        Some(port) => port.parse().ok().filter(|port| *port > 0).ok_or(AddressError(PORT))?,
        None => return Err(AddressError(PORT)),
    };
    Ok(Node { host: host.to_owned(), port })
}

const PORT: &str =
    "its port must be a number from 1 to 65535; write '/', '?' and '@' in a password as %2F, %3F and %40";

fn number(database: &str) -> Result<u32, AddressError> {
    let is_number = database.bytes().all(|byte| byte.is_ascii_digit()) && database.len() < 6;
    if !is_number {
        return Err(AddressError("its database must be a number"));
    }
    Ok(database.parse().unwrap_or_default())
}

fn decoded(text: &str) -> Result<String, AddressError> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded.map_err(|_| AddressError("it must be UTF-8"))?.into_owned())
}

fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-".contains(&byte);
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(is_part)
}
