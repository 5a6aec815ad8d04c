//! TCP connections, with TLS where the address says so.

use super::words::ConnectError;
use crate::blocking::blocking;
use crate::fleet::address::{Address, Node};
use crate::trust;
use rustls::pki_types::ServerName;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// The longest file with a password or certificates.
const MAX_FILE: u64 = 1024 * 1024;

/// A connection as bytes, plain or encrypted.
pub type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Connects to a server.
pub async fn connect(address: &Address, Node { host, port }: &Node) -> Result<Stream, ConnectError> {
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| ConnectError::io(&error))?;
    // Without this a heartbeat may wait for an earlier answer's acknowledgement.
    stream.set_nodelay(true).map_err(|error| ConnectError::io(&error))?;
    if !address.tls {
        return Ok(Either::Left(stream));
    }
    let config = match &address.ca {
        Some(file) => trust::tls_config(Some(&[text(file, "the file of the option ca").await?])),
        None => trust::tls_config(None),
    };
    let config = config.map_err(|error| ConnectError(error.to_string()))?;
    let name = ServerName::try_from(host.clone()).map_err(|_| ConnectError::new("the host has no valid name"))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Either::Right(Box::new(stream.map_err(|error| ConnectError::io(&error))?)))
}

/// Reads a file that the address names. The error has no path, because paths are in the address's query.
pub async fn text(file: &Path, what: &str) -> Result<String, ConnectError> {
    let file = file.to_owned();
    let read = move || {
        let mut text = String::new();
        File::open(file)?.take(MAX_FILE).read_to_string(&mut text).map(|_| text)
    };
    let read = blocking(read).await.and_then(|read| read);
    read.map_err(|error: io::Error| ConnectError(format!("{what} cannot be read ({})", error.kind())))
}
