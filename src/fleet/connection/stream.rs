//! TCP connections, with TLS where the address says so.

use super::words::ConnectError;
use crate::blocking::blocking;
use crate::fleet::address::{Address, Node};
use crate::trust;
use rustls::pki_types::ServerName;
use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

/// The longest file with a password or certificates.
const MAX_FILE: u64 = 1024 * 1024;

/// A connection as bytes, plain or encrypted.
pub type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Connects to a server.
pub async fn connect(address: &Address, Node { host, port }: &Node) -> Result<Stream, ConnectError> {
    let addresses = addresses(host, *port).await.map_err(|error| ConnectError::io(&error))?;
    let stream = TcpStream::connect(&*addresses).await.map_err(|error| ConnectError::io(&error))?;
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

/// Finds the addresses of a host. A silent name server holds the thread up for longer than an attempt to connect takes, so it
/// is none of the few that the rest of procward needs.
async fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let (found, addresses) = oneshot::channel();
    let host = host.to_owned();
    let look_up = move || {
        // The attempt may be over.
        let _ = found.send((host.as_str(), port).to_socket_addrs().map(Iterator::collect));
    };
    thread::Builder::new().name("procward-lookup".to_owned()).spawn(look_up)?;
    addresses.await.map_err(io::Error::other)?
}

/// Reads a file that the address names. The error has no path, because paths are in the address's query.
pub async fn text(file: &Path, what: &str) -> Result<String, ConnectError> {
    let file = file.to_owned();
    let read = move || {
        let mut text = String::new();
        open(&file)?.take(MAX_FILE).read_to_string(&mut text).map(|_| text)
    };
    let read = blocking(read).await.and_then(|read| read);
    read.map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::InvalidInput => ConnectError(format!("{what} is not a regular file")),
        kind => ConnectError(format!("{what} cannot be read ({kind})")),
    })
}

/// Opens a file. A pipe is refused, because reading it may never end.
fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    let file = options.read(true).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::InvalidInput.into()) }
}
