//! The server log: the last lines that a server wrote besides its answers, kept for error messages.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

/// The size of the log, in bytes.
const MAX_SIZE: usize = 16 * 1024;
/// The size of a line, in bytes; a longer line loses its end.
const MAX_LINE: usize = 2000;

/// Lines of a server's standard error, its log messages, and its invalid lines.
#[derive(Debug, Default)]
pub struct ServerLog {
    tail: Mutex<Tail>,
    invalid: AtomicU64,
}

impl ServerLog {
    /// Adds a line.
    pub fn add(&self, line: &[u8]) {
        self.tail.lock().push(line);
    }

    /// Adds an invalid line: one that should have been a message.
    pub fn add_invalid(&self, line: &[u8]) {
        self.invalid.fetch_add(1, Ordering::Relaxed);
        self.add(line);
    }

    /// Returns the last lines.
    pub fn text(&self) -> String {
        self.tail.lock().text()
    }

    /// Returns the count of invalid lines.
    pub fn invalid(&self) -> u64 {
        self.invalid.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Tail {
    lines: VecDeque<String>,
    size: usize,
}

impl Tail {
    /// Adds a line, which pushes out the oldest ones where the log is full.
    fn push(&mut self, line: &[u8]) {
        let mut text = String::from_utf8_lossy(&line[..line.len().min(MAX_LINE)]).into_owned();
        if line.len() > MAX_LINE {
            text.push('…');
        }
        self.size += text.len() + 1;
        self.lines.push_back(text);
        while self.size > MAX_SIZE {
            self.size -= self.lines.pop_front().map_or(self.size, |oldest| oldest.len() + 1);
        }
    }

    fn text(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_last_lines() {
        let log = ServerLog::default();
        assert_eq!(log.text(), "");
        log.add(b"a");
        log.add_invalid(b"b\xff");
        assert_eq!((log.text().as_str(), log.invalid()), ("a\nb\u{fffd}", 1));
    }

    #[test]
    fn the_log_is_bounded_for_any_text() {
        let log = ServerLog::default();
        for number in 0..100_000 {
            log.add(format!("line {number} {}", "x".repeat(number % 5000)).as_bytes());
            assert!(log.text().len() <= MAX_SIZE);
        }
        assert!(log.text().contains("line 99999 "));
    }
}
