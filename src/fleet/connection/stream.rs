//! TCP connections, with TLS where the address says so.

use super::words::ConnectError;
use crate::fleet::address::{Address, Node};
use crate::trust;
use rustls::pki_types::ServerName;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{self, AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;

/// The longest file with a password or certificates.
const MAX_FILE: u64 = 1024 * 1024;

/// A connection as bytes.
pub enum Stream {
    Plain(TcpStream),
    Encrypted(Box<tokio_rustls::client::TlsStream<TcpStream>>),
}

/// Connects to a server.
pub async fn connect(address: &Address, Node { host, port }: &Node) -> Result<Stream, ConnectError> {
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| ConnectError::io(&error))?;
    // Without this a heartbeat may wait for an earlier answer's acknowledgement.
    stream.set_nodelay(true).map_err(|error| ConnectError::io(&error))?;
    if !address.tls {
        return Ok(Stream::Plain(stream));
    }
    let roots = match &address.ca {
        Some(file) => Some([text(file, "the file of the option ca").await?]),
        None => None,
    };
    let roots = roots.as_ref().map(<[String; 1]>::as_slice);
    let config = trust::tls_config(roots).map_err(|error| ConnectError(error.to_string()))?;
    let name = ServerName::try_from(host.clone()).map_err(|_| ConnectError::new("the host has no valid name"))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    Ok(Stream::Encrypted(Box::new(stream.map_err(|error| ConnectError::io(&error))?)))
}

/// Reads a file that the address names. The error has no path, because paths are in the address's query.
pub async fn text(file: &Path, what: &str) -> Result<String, ConnectError> {
    let file = file.to_owned();
    let read = move || {
        let mut text = String::new();
        File::open(file)?.take(MAX_FILE).read_to_string(&mut text).map(|_| text)
    };
    let read = spawn_blocking(read).await.unwrap_or_else(|error| Err(error.into()));
    read.map_err(|error: io::Error| ConnectError(format!("{what} cannot be read ({})", error.kind())))
}

impl fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Stream")
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Encrypted(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Encrypted(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Encrypted(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
