//! An MCP server with one tool, `echo`, that is fast enough to measure its clients by.
//!
//! It speaks over its standard streams, or, with `--http`, over streamable HTTP at the address that it prints.

mod answer;
mod http;

use answer::answer;
use std::io::{self, BufRead, BufReader, BufWriter, Write};

const BUFFER: usize = 256 * 1024;

fn main() -> io::Result<()> {
    if std::env::args().any(|argument| argument == "--http") { http::serve() } else { converse() }
}

/// Answers line by line until the client closes the pipe.
fn converse() -> io::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER, io::stdin().lock());
    let mut output = BufWriter::with_capacity(BUFFER, io::stdout().lock());
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            return output.flush();
        }
        if let Some(answer) = answer(&line) {
            output.write_all(answer.as_bytes())?;
            output.write_all(b"\n")?;
        }
        // Requests that came together are answered together.
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
    }
}
