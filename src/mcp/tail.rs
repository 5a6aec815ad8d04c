//! The last words of a server, kept for error messages.

use std::collections::VecDeque;

/// How much is kept, in bytes.
const KEPT: usize = 16 * 1024;
/// A longer line loses its end.
const LONGEST: usize = 2000;

/// The last lines that a server wrote to its standard error or sent as log messages, and what was no message at all.
#[derive(Debug, Default)]
pub struct Tail {
    lines: VecDeque<String>,
    size: usize,
}

impl Tail {
    /// Adds a line, which pushes out the oldest where there is no room.
    pub fn push(&mut self, line: &[u8]) {
        let mut text = String::from_utf8_lossy(&line[..line.len().min(LONGEST)]).into_owned();
        if line.len() > LONGEST {
            text.push('…');
        }
        self.size += text.len() + 1;
        self.lines.push_back(text);
        while self.size > KEPT {
            self.size -= self.lines.pop_front().map_or(self.size, |oldest| oldest.len() + 1);
        }
    }

    /// All of it.
    pub fn text(&self) -> String {
        self.lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_lines() {
        let mut tail = Tail::default();
        assert_eq!(tail.text(), "");
        tail.push(b"a");
        tail.push(b"b\xff");
        assert_eq!(tail.text(), "a\nb\u{fffd}");
    }

    #[test]
    fn is_bounded_whatever_is_written() {
        let mut tail = Tail::default();
        for number in 0..100_000 {
            tail.push(format!("line {number} {}", "x".repeat(number % 5000)).as_bytes());
            assert!(tail.text().len() <= KEPT);
        }
        assert!(tail.text().contains("line 99999 "));
    }
}
