//! Streamable HTTP on the loopback address, a thread for each connection. Answers are JSON.

use crate::answer::answer;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const MAX_HEADERS: usize = 64;
const MAX_REQUEST: usize = 64 * 1024 * 1024;
const CHUNK: usize = 64 * 1024;

static SESSIONS: AtomicU32 = AtomicU32::new(0);

struct Request<'a> {
    method: &'a str,
    body: &'a [u8],
    /// The length of all of it.
    length: usize,
}

/// Prints the address and serves until standard input ends.
pub fn serve() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("http://{}/mcp", listener.local_addr()?);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A connection that fails is the client's to notice.
            thread::spawn(move || converse(stream));
        }
    });
    io::copy(&mut io::stdin(), &mut io::sink()).map(|_| ())
}

fn converse(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut chunk = vec![0; CHUNK];
    let mut input = Vec::new();
    loop {
        while let Some(request) = parse(&input)? {
            stream.write_all(respond(&request).as_bytes())?;
            let length = request.length;
            input.drain(..length);
        }
        let length = stream.read(&mut chunk)?;
        if length == 0 || input.len() > MAX_REQUEST {
            return Ok(());
        }
        input.extend_from_slice(&chunk[..length]);
    }
}

/// Returns the first request, once it is complete.
fn parse(input: &[u8]) -> io::Result<Option<Request<'_>>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let invalid = |error: &str| io::Error::new(io::ErrorKind::InvalidData, error);
    let httparse::Status::Complete(start) = head.parse(input).map_err(|error| invalid(&error.to_string()))? else {
        return Ok(None);
    };
    let header = |name: &str| head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
    if header("transfer-encoding").is_some() {
        return Err(invalid("no body in chunks is read"));
    }
    let length = match header("content-length").map(|header| str::from_utf8(header.value)) {
        None => 0,
        Some(value) => value.ok().and_then(|value| value.parse().ok()).ok_or_else(|| invalid("invalid length"))?,
    };
    let end = start.saturating_add(length);
    let body = input.get(start..end);
    Ok(body.map(|body| Request { method: head.method.unwrap_or_default(), body, length: end }))
}

fn respond(request: &Request) -> String {
    match request.method {
        "POST" => match answer(request.body) {
            Some(answer) => json(&answer, request.body),
            None => empty("202 Accepted"),
        },
        "DELETE" => empty("200 OK"),
        _ => empty("405 Method Not Allowed"),
    }
}

/// A session begins with `initialize`. Its id is never checked, because every request is answered alike.
fn json(answer: &str, request: &[u8]) -> String {
    let session = if request.windows(12).any(|text| text == br#""initialize""#) {
        format!("Mcp-Session-Id: {}\r\n", SESSIONS.fetch_add(1, Ordering::Relaxed))
    } else {
        String::new()
    };
    let length = answer.len();
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{session}Content-Length: {length}\r\n\r\n{answer}")
}

fn empty(status: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n")
}
